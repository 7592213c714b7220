/** Losses for people to see: what they make of gains and losses z, as the points of curves. */
import { derivative, numbers, type Unary } from '../core/index.ts'
import { isHalo, isStated, isView } from './kinds.ts'
import type { AnyLoss } from './loss.ts'

/** What is drawn: the value v(z), its slope v′(z), the gradient |∂L/∂r|, or the implied human utility. */
export type Curve = 'value' | 'slope' | 'gradient' | 'utility'
/** A curve as points; z is the relative reward. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [z: number, y: number])[]
}

/** v, and what becomes of it: L = b − a v(τ z), for a desirable example. Without a declaration, v is the negated loss. */
interface CurveShape {
  readonly v: Unary
  readonly a: number
  readonly tau: number
}
const shapeOf = (loss: AnyLoss): CurveShape | undefined => {
  if (isView(loss)) return shapeOf(loss.through)
  if (isHalo(loss)) return { v: loss.value.body, a: loss.t.desirable.scale, tau: loss.inverseTemperature.desirable }
  if (!isStated(loss) || loss.formula?.reward === undefined) return undefined
  const { body } = loss.formula
  return { v: (S) => (z) => S.mul(S.of(-1), body(S)(z, S.of(0))), a: 1, tau: 1 }
}

/**
 * Points of a curve over z in [from, to]: `value` is v(z), `slope` v′(z), `gradient` |∂L/∂r| = a τ v′(τz), and `utility` the human utility
 * that the loss implies, a (v(τz) − v(0)) (KTO paper, Figure 2).
 * @param options.from default −5
 * @param options.to default 5
 * @param options.points how many, evenly spaced, both ends included; default 1001
 * @returns the points, or undefined for losses that are no function of a single gain
 * @example
 * ```ts
 * import { getOrThrow, kto, series } from 'halograd/halos'
 * const utility = series(getOrThrow(kto()), 'utility', { from: -4, to: 4, points: 9 })
 * console.log(utility?.points[4]) // [ 0, 0 ]
 * ```
 */
export const series = (loss: AnyLoss, curve: Curve, { from = -5, to = 5, points = 1001 } = {}): Series | undefined => {
  const shape = shapeOf(loss)
  if (shape === undefined) return undefined
  const { a, tau } = shape
  const [v, slope] = [shape.v(numbers), derivative(shape.v)(numbers)]
  const y: { readonly [C in Curve]: (z: number) => number } = {
    value: v,
    slope,
    gradient: (z) => Math.abs(a * tau * slope(tau * z)),
    utility: (z) => a * (v(tau * z) - v(0)),
  }
  const at = Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1))
  return { name: loss.name, points: at.map((z) => [z, y[curve](z)] as const) }
}
