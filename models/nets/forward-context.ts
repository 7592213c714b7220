/**
 * Where the tokens at hand stand in their texts, and how their keys and values become those of everything they may look at.
 *
 *     whole text      positions 0 … n−1      past = the tokens themselves
 *     next token      position t             past[t] ← the token; the rest is remembered
 */
import { type AnyTensor, add, broadcastTo, equal, iota, rename, slice, sum, type Tensor, take, where } from '../../core/index.ts'
import { type Drop, type Dropout, dropping } from './dropout.ts'

export interface ForwardContext {
  /** Tokens of the whole text, or the most that it may have. */
  readonly length: number
  readonly positions: Tensor<'seq'>
  readonly past: Tensor<'past'>
  /** The keys (or values) of the past: those of the tokens at hand, and what is remembered of the others. */
  readonly recall: <A extends string>(fresh: Tensor<A | 'seq'>, remembered: Tensor<A | 'past'> | undefined) => Tensor<A | 'past'>
  /** Rows of a table of learned positions, of which row p + offset belongs to position p. */
  readonly place: (table: Tensor<'position' | 'embed'>, offset: number) => Tensor<'seq' | 'embed'>
  /** In training: some numbers vanish. */
  readonly drop: Drop
}

/** All tokens of texts of one length, which may become `room` tokens later. Nothing is remembered. */
export const whole = (length: number, dropout?: Dropout, room: number = length): ForwardContext => ({
  length: room,
  positions: iota('seq', length),
  past: iota('past', length),
  recall: <A extends string>(fresh: Tensor<A | 'seq'>) => rename(fresh, 'seq', 'past') as Tensor<A | 'past'>, // no A is 'seq'
  place: (table, offset) => rename(slice(table, 'position', offset, length), 'position', 'seq'),
  drop: dropping(dropout),
})

/** One more token, at `position` (a scalar), of texts of up to `context` tokens. What is remembered after `position` is never looked at. */
export const next = (position: Tensor, context: number): ForwardContext => {
  const [positions, past] = [add(iota('seq', 1), position), iota('past', context)]
  return {
    length: context,
    positions,
    past,
    recall: <A extends string>(fresh: Tensor<A | 'seq'>, remembered: Tensor<A | 'past'> | undefined) => {
      const recalled: AnyTensor = where(equal(past, position), sum(fresh, 'seq'), remembered ?? 0)
      return remembered === undefined ? (recalled as Tensor<A | 'past'>) : broadcastTo(recalled, remembered.shape) // 'past' for 'seq'
    },
    place: (table, offset) => take(table, 'position', offset === 0 ? positions : add(positions, offset)),
    drop: dropping(undefined),
  }
}
