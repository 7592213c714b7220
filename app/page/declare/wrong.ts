/** Where a value function falls anywhere, or bends upwards on gains, and the neighbours of such points, so that a corner is seen: shown in red. */
import type { CurvePoints } from './judgement.ts'

/** The curve with gaps wherever it is what it should be. */
export const wrongParts = (points: CurvePoints): CurvePoints => {
  const wrong = points.map(([x, y], i) => {
    const [before, after] = [points[i - 1]?.[1] ?? y, points[i + 1]?.[1] ?? y]
    const slack = 1e-9 * Math.max(1, Math.abs(y))
    const bends = x > 0 && i > 0 && i < points.length - 1 && after - y > y - before + slack
    return after < y - slack || bends
  })
  return points.map(([x, y], i) => [x, wrong[i - 1] || wrong[i] || wrong[i + 1] ? y : Number.NaN])
}
