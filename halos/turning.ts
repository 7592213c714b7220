/**
 * Where a function of one variable turns: three points of which the one in the middle is certainly below both others, or above both. They
 * are searched for by branch and bound, at whatever scale: a point at which the function falls, one at which it rises, and the lowest, or
 * the highest, of many between.
 */

import { either as E } from 'fp-ts'
import type { Unary } from '../core/index.ts'
import { type Interval, isReal } from '../core/internal.ts'
import { decideSubject, enclose, nonDecreasing, type ProofSubject, subjectOf } from './prove.ts'

/** So many boxes are halved to find either. */
const budget = 500

/** A point at which the function certainly falls, or jumps down. */
const fallsAt = (body: Unary, segment: Interval): number | undefined =>
  E.match(
    () => undefined,
    (subject: ProofSubject) => {
      const decision = decideSubject(subject, nonDecreasing, segment, budget)
      return decision.tag === 'refuted' ? decision.witness[0] : undefined
    },
  )(subjectOf(body))
const negated =
  (body: Unary): Unary =>
  (S) =>
  (x) =>
    S.mul(S.of(-1), body(S)(x))

/** Points between two, evenly and by their distance from each. */
const between = (from: number, to: number): readonly number[] => {
  const shares = Array.from({ length: 33 }, (_, i) => i / 32).flatMap((t) => [t, t ** 6, 1 - t ** 6])
  return [...shares.map((t) => from + (to - from) * t), ...[from, to].map((x) => x / 2), 0].filter((x) => x > from && x < to)
}

/** Three points at which the function turns, if they were found. */
export const turn = (body: Unary, segment: Interval): readonly [number, number, number] | undefined => {
  const [down, up] = [fallsAt(body, segment), fallsAt(negated(body), segment)]
  if (down === undefined || up === undefined) return undefined
  const subject = subjectOf(body)
  if (E.isLeft(subject)) return undefined
  const value = (x: number): Interval => enclose(subject.right)([x, x]).value
  const [from, to, sign] = [Math.min(down, up), Math.max(down, up), down < up ? 1 : -1]
  const [a, c] = [value(from), value(to)]
  const beyond = (b: Interval, end: Interval): boolean => isReal(b) && isReal(end) && (sign === 1 ? b[1] < end[0] : b[0] > end[1])
  const turns = between(from, to)
    .map((x) => ({ x, b: value(x) }))
    .filter(({ b }) => beyond(b, a) && beyond(b, c))
    .sort((one, other) => sign * (one.b[0] - other.b[0]))
  return turns[0] && [from, turns[0].x, to]
}
