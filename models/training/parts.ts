/**
 * Whether a batch may be run in parts. It may if each example's loss is a function of that example and of pooled statistics; the expression
 * tells. Where the rank of an example, or a mean through which gradients flow, enters its loss, parts would compute another loss.
 */
import { type AnyTensor, reachable } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import { traced } from '../../halos/internal.ts'
import { BatchError } from '../io/errors.ts'

/** @throws BatchError when the loss compares examples in a way that cannot be pooled, and there are several parts */
export const checkParts = (loss: AnyLoss, accumulate: number): void => {
  if (accumulate <= 1 || separable(loss)) return
  throw new BatchError({
    field: 'accumulate',
    expected: `1 for ${loss.name}, which compares the examples of a batch with each other`,
    found: String(accumulate),
    advice: 'Run the batch at once; if it does not fit, make it smaller.',
  })
}

const separable = (loss: AnyLoss): boolean =>
  !reachable(traced(loss, 4).terms.flatMap(({ numerator, denominator }) => [numerator, denominator])).some(meets)

/** Here examples meet: a reduction over them, or a second axis of them. */
const meets = ({ op }: AnyTensor): boolean =>
  (op.tag === 'reduce' && op.over.includes('example')) || (op.tag === 'rename' && op.from === 'example')
