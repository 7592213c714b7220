/**
 * A value function drawn by its values at whole z, straight between them and beyond. Its text is a sum of maxima, whose slope is exact:
 *
 *     v(z) = v(a) + s₀ (z − a) + Σ (sᵢ − sᵢ₋₁) max(0, z − cᵢ)
 *
 * Values are multiples of 1/16, so that slopes and their sums have no rounding error, and a flat piece is exactly flat.
 */
import { bodyOf, call, constant, type Expression, variable } from './expression.ts'
import type { CurvePoints } from './judgement.ts'
import { formulaOf } from './writing.ts'

/** The z at which a curve is drawn. */
export const places = [-4, -3, -2, -1, 0, 1, 2, 3, 4] as const
export const grain = 1 / 16
const highest = 6

export const onGrid = (y: number): number => Math.max(-highest, Math.min(highest, Math.round(y / grain) * grain))

/** The values of a curve at the places. */
export const sampled = (curve: CurvePoints): readonly number[] =>
  places.map((place) => onGrid(curve.find(([z]) => Math.abs(z - place) < 1e-9)?.[1] ?? 0))

/** One value moved; where only rising curves are wanted, its neighbours give way. */
export const moved = (values: readonly number[], i: number, y: number, rising: boolean): readonly number[] => {
  const to = onGrid(y)
  return values.map((value, j) => (j === i ? to : !rising ? value : j < i ? Math.min(value, to) : Math.max(value, to)))
}

/** The text of the curve through these values. */
export const textOf = (values: readonly number[]): string => {
  const slopes = values.slice(1).map((value, i) => value - (values[i] ?? 0))
  const shifted = (place: number): Expression =>
    place === 0 ? variable : place < 0 ? call('add', variable, constant(-place)) : call('sub', variable, constant(place))
  const term = (weight: number, x: Expression): Expression => (weight === 1 ? x : call('mul', constant(weight), x))
  const [first = 0, start = 0] = [slopes[0], values[0]]
  const bends = slopes.slice(1).flatMap((slope, i) => {
    const [bend, place] = [slope - (slopes[i] ?? 0), places[i + 1] ?? 0]
    return bend === 0 ? [] : [{ sign: Math.sign(bend), term: term(Math.abs(bend), call('max', constant(0), shifted(place))) }]
  })
  const line = [...(first === 0 ? [] : [term(first, variable)]), ...(start + 4 * first === 0 ? [] : [constant(start + 4 * first)])]
  const straight = line.length === 0 ? constant(0) : line.reduce((sum, x) => call('add', sum, x))
  return formulaOf(bodyOf(bends.reduce((sum, { sign, term: bend }) => call(sign > 0 ? 'add' : 'sub', sum, bend), straight)))
}
