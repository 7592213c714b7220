/** Rows of tokens as a transformer reads them for training and scoring. */
import { type Tensor, tensor } from '../../core/index.ts'
import type { Batch } from '../data/batches.ts'
import type { Dropout } from './dropout.ts'

/** Right-padded rows: what each position reads, what it should predict, and whether that counts (1) or not (0). */
export interface Sequences {
  readonly tokens: Tensor<'batch' | 'seq'>
  readonly targets: Tensor<'batch' | 'seq'>
  readonly mask: Tensor<'batch' | 'seq'>
  /** In training only. */
  readonly dropout?: Dropout
}

/** Padded rows as tensors. Position t reads token t and predicts token t + 1. */
export const sequencesOf = ({ batch, seq, tokens, mask }: Pick<Batch, 'batch' | 'seq' | 'tokens' | 'mask'>): Sequences => {
  const later = (x: ArrayLike<number>) =>
    tensor(
      { batch, seq },
      Float32Array.from(x, (_, i) => ((i + 1) % seq === 0 ? 0 : x[i + 1]!)),
    )
  return { tokens: tensor({ batch, seq }, tokens), targets: later(tokens), mask: later(mask) }
}
