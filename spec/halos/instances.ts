/**
 * The algebra as instances: values and statistics add up (Monoid), a loss can be fed from whatever its evidence can be read from
 * (Contravariant). The laws are tested.
 */
import type { contravariant, monoid } from 'fp-ts'
import type { Unary } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import { contramap, type Loss, pool, type Statistic, type ValueFunction } from '../../halos/index.ts'
import { makeValue } from '../../halos/internal.ts'

declare module 'fp-ts/HKT' {
  interface URItoKind<A> {
    readonly Loss: Loss<A>
  }
}
export const Contravariant: contravariant.Contravariant1<'Loss'> = {
  URI: 'Loss',
  contramap: (loss, f) => contramap(f)(loss),
}

/** v + w: the sum of value functions is one. The empty one values nothing. */
export const valueMonoid: monoid.Monoid<ValueFunction> = {
  concat: (v, w) => {
    const body: Unary = (S) => (z) => S.add(v.body(S)(z), w.body(S)(z))
    return makeValue(`${v.name} + ${w.name}`, body)
  },
  empty: makeValue('0', (S) => () => S.of(0)),
}

/** Statistics of parts pool to that of the whole. */
export const statisticMonoid: monoid.Monoid<Statistic> = { concat: pool, empty: { sum: constant(0), count: constant(0) } }
