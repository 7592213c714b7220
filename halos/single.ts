/**
 * v as it trains, in float32. A proof is about real numbers; where numbers are rounded to 24 bits, a comparison may go the other way for good
 * (1 + 10⁻⁹ = 1), and another function trains. Its slope is computed as a backend does, at points of every magnitude, and must not be negative at two neighbours.
 */
import { derivative, interpretation, numbers, type Unary } from '../core/index.ts'
import { applyPrimitive } from '../core/internal.ts'
import { far } from './computed.ts'

const single = interpretation<number>(
  (n, alone = n) => Math.fround(alone),
  (primitive, args) => Math.fround(applyPrimitive(numbers, primitive, args)),
)
/** Both signs of numbers from 2⁻²⁰ to 10⁴, eight between powers of two; and 0. */
export const singles: readonly number[] = [
  0,
  ...Array.from({ length: 34 * 8 }, (_, i) => Math.fround(2 ** (i / 8 - 20))).flatMap((z) => [z, -z]),
  far,
  -far,
].sort((x, y) => x - y)
/** So many units in the last place of the steepest slope may be lost where terms cancel. */
export const lost = 16

/** Where the slope is negative, and how much; undefined where it is so nowhere. */
export const fallsInSingle = (body: Unary): { readonly z: number; readonly slope: number } | undefined => {
  const slopeAt = derivative(body)(single)
  const slopes = singles.map((z) => ({ z, slope: slopeAt(z) })).filter(({ slope }) => Number.isFinite(slope))
  const steepest = Math.max(...slopes.map(({ slope }) => Math.abs(slope)))
  const falls = ({ slope }: { readonly slope: number }): boolean => slope < -lost * 2 ** -24 * steepest
  return slopes.find((at, i) => falls(at) && slopes[i + 1] !== undefined && falls(slopes[i + 1]!)) // one point alone does not train
}
