/**
 * An oracle that knows nothing of the prover: values of a function at points, bounded in exact arithmetic over BigInt, to some fifty digits
 * (app/check). What it says of two or three points is certain; where it cannot tell, it says so.
 */
import * as I from '../../app/check/interval.ts'
import { type CertificateNode, jetOf } from '../../app/check/jet.ts'
import type { ScalarProgram } from '../../halos/internal.ts'

/** A point, exactly: a multiple of 2⁻¹¹⁵², as every double is. */
export type Point = bigint
export const pointOf = I.exactly
/** The value at a point, or nothing, where it is not defined or cannot be told. */
export type Oracle = (z: Point) => I.RationalInterval | undefined

export const oracle = ({ steps, result }: ScalarProgram): Oracle => {
  const nodes = steps.map((step): CertificateNode => {
    if (step.tag === 'input') return ['leaf', step.name]
    return step.tag === 'constant' ? ['constant', step.value] : [step.primitive, ...step.from]
  })
  const broken = steps.some((step) => step.tag === 'constant' && !Number.isFinite(step.value))
  const known = new Map<Point, I.RationalInterval | undefined>()
  const at = (z: Point): I.RationalInterval | undefined => {
    if (broken) return undefined
    try {
      const { value } = jetOf(nodes, result, { z: I.point(z) }, 'z', true)
      const width = value.high - value.low
      // A comparison that cannot be told leaves both branches.
      return width <= (value.high < 0n ? -value.high : value.high) >> 80n || width <= I.one >> 130n ? value : undefined
    } catch {
      return undefined // it is not defined there, or may not be
    }
  }
  return (z) => {
    if (!known.has(z)) known.set(z, at(z))
    return known.get(z)
  }
}

/** f(x) > f(y) for x < y, for certain. */
export const fallsBetween = (f: Oracle, x: Point, y: Point): boolean => {
  const [a, b] = [f(x), f(y)]
  return x < y && a !== undefined && b !== undefined && I.below(b, a)
}
/** Whether the oracle tells which of the two is greater, or that they are equal. */
export const tells = (f: Oracle, x: Point, y: Point): boolean => {
  const [a, b] = [f(x), f(y)]
  return a !== undefined && b !== undefined && (I.below(a, b) || I.below(b, a) || (I.isPoint(a) && I.isPoint(b)))
}
/** f(y) is under the chord of x < y < z, for certain: f(y) (z − x) < f(x) (z − y) + f(z) (y − x). */
export const underChord = (f: Oracle, x: Point, y: Point, z: Point): boolean => {
  const [a, b, c] = [f(x), f(y), f(z)]
  if (!(x < y && y < z) || a === undefined || b === undefined || c === undefined) return false
  return b.high * (z - x) < a.low * (z - y) + c.low * (y - x)
}
