/** The shape of a value function: how it feels about gains and losses, where its gradient dies. Read off the declared text. */
import { either as E } from 'fp-ts'
import { derivative, numbers, type Unary } from '../core/index.ts'
import { enclose, subjectOf } from './prove.ts'

/** The shape of a value function: its slopes, aversion to losses, saturation, margin and bounds. */
export interface Profile {
  /** v' far out on losses, at 0, and far out on gains. */
  readonly slopes: { readonly losses: number; readonly zero: number; readonly gains: number }
  /** v'(−z) against v'(z): losses loom larger, alike, smaller, or it depends. */
  readonly lossAversion: 'averse' | 'symmetric' | 'seeking' | 'mixed'
  /** The z beyond which |v'| stays under 1 % of its peak on [−64, 64]; absent on a side that never saturates. */
  readonly saturation: { readonly losses?: number; readonly gains?: number }
  /** The smallest gain at which v' is exactly 0, and stays so: a margin. */
  readonly margin?: number
  readonly bounded: { readonly below: boolean; readonly above: boolean }
}

const far = 1e4
/** Where the peak of a slope is looked for: beyond, a slope may grow for ever. */
const near = 64
/** Magnitudes from 2⁻¹⁰ to 10⁴, even in the logarithm. */
const magnitudes = Array.from({ length: 400 }, (_, i) => 2 ** -10 * (far / 2 ** -10) ** (i / 399))

/**
 * The shape of a value function, measured from its text: slopes at ±10⁴ and 0, aversion to losses, where it saturates, its margin, its
 * bounds.
 * @example
 * ```ts
 * import { getOrThrow, kto, profile } from 'halograd/halos'
 * const { slopes, lossAversion } = profile(getOrThrow(kto()).value.body)
 * console.log(slopes.zero, lossAversion) // 0.25 symmetric
 * ```
 */
export const profile = (v: Unary): Profile => {
  const [at, slope] = [v(numbers), derivative(v)(numbers)]
  const steepness = (z: number): number => Math.abs(slope(z))
  /** Where the value itself has overflown, its slope is no number: it is infinite. */
  const limit = (z: number): number => (Number.isFinite(at(z)) ? slope(z) : Number.POSITIVE_INFINITY)
  const peak = Math.max(steepness(0), ...magnitudes.filter((z) => z <= near).flatMap((z) => [steepness(z), steepness(-z)]))
  const dead = (sign: number): number | undefined => onset((z) => steepness(sign * z) < 0.01 * peak)
  const enclosed = E.map(enclose)(subjectOf(v))
  /** Exactly 0, not only underflown to it. */
  const flat = (z: number): boolean => {
    if (E.isLeft(enclosed)) return false
    const { slope: of } = enclosed.right([z, z])
    return of[0] === 0 && of[1] === 0
  }
  const [losses, gains, margin] = [dead(-1), dead(1), onset(flat)]
  return {
    slopes: { losses: limit(-far), zero: slope(0), gains: limit(far) },
    lossAversion: aversion(limit),
    saturation: { ...(losses !== undefined && { losses: -losses }), ...(gains !== undefined && { gains }) },
    ...(margin !== undefined && { margin }),
    bounded: { below: levels(at, -1), above: levels(at, 1) },
  }
}

/** The least magnitude from which a condition holds on; refined by bisection. */
const onset = (holds: (z: number) => boolean): number | undefined => {
  const last = magnitudes.findLastIndex((z) => !holds(z))
  if (last === magnitudes.length - 1) return undefined
  let [low, high] = [last < 0 ? 0 : magnitudes[last]!, magnitudes[last + 1]!]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

const aversion = (slope: (z: number) => number): Profile['lossAversion'] => {
  const differences = magnitudes.map((z) => slope(-z) - slope(z))
  const tiny = (d: number, i: number): boolean => Math.abs(d) <= 1e-9 * Math.abs(slope(magnitudes[i]!))
  if (differences.every(tiny)) return 'symmetric'
  if (differences.every((d, i) => d > 0 || tiny(d, i))) return 'averse'
  return differences.every((d, i) => d < 0 || tiny(d, i)) ? 'seeking' : 'mixed'
}

/** Whether the function is level, far out on a side. */
const levels = (at: (z: number) => number, sign: number): boolean => Math.abs(at(sign * far) - at((sign * far) / 2)) < 1e-6
