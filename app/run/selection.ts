/** Which step was the best on held-out data, and whether it is worth going on: as functions of the log, so that a resumed run decides alike. */
import type { LogRow } from './log.ts'

/** The first row of the lowest held-out loss. Row 0, before training, is none to choose. */
export const bestOf = (rows: readonly LogRow[]): LogRow | undefined => {
  const measured = measuredIn(rows)
  const least = Math.min(...measured.map(lossOf))
  return measured.find((row) => lossOf(row) === least)
}

/** How many times the held-out loss was measured since it was at its lowest. */
export const sinceBest = (rows: readonly LogRow[]): number => {
  const best = bestOf(rows)
  return measuredIn(rows).filter(({ step }) => best !== undefined && step > best.step).length
}

const measuredIn = (rows: readonly LogRow[]): readonly LogRow[] => rows.filter(({ step, eval_loss }) => step > 0 && eval_loss !== undefined)
const lossOf = ({ eval_loss = Number.NaN }: LogRow): number => (Number.isNaN(eval_loss) ? Number.POSITIVE_INFINITY : eval_loss)
