/**
 * What training asks of a model: a number for each row of tokens. Language models answer, and so do models with a head on their hidden states.
 * What a loss does not read of the answer is not computed.
 */
import type { Tensor } from '../../core/index.ts'
import type { ModelConfig } from './config.ts'
import type { Sequences } from './sequences.ts'

export interface Scores {
  /** log π(y|x) in nats: the log-probabilities of the targets that count, summed. Of a reward model it is R(x, y), which takes its place. */
  readonly logProbability: Tensor<'batch'>
  /** The same of each token, padding included. Absent where a model says one number of a whole text. */
  readonly tokens?: Tensor<'batch' | 'seq'>
  /** V(x): the reward that a value head expects. */
  readonly value?: Tensor<'batch'>
  /** The entropy of what comes next, in nats, and the mean of its logits: of each token that counts, summed. To be reported. */
  readonly entropy?: Tensor<'batch'>
  readonly logits?: Tensor<'batch'>
}

/** A model over parameters of type P, as a loss sees it. */
export interface Trainable<P> {
  readonly config: ModelConfig
  readonly score: (parameters: P, sequences: Sequences) => Scores
}
