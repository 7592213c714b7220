/** What a loss is, as far as training cares: the shape of halos' `Loss`, which this folder does not import. The language of types sees that they agree. */
import type { Tensor } from '../../core/index.ts'

/** A completion of a prompt, per example. */
export interface Completion {
  /** log π_θ(y|x) in nats, summed over the tokens of y. */
  readonly policy: Tensor<'example'>
  /** log π_ref(y|x). */
  readonly reference: Tensor<'example'>
  /** log π_old(y|x), under the policy that sampled y, where that is not the reference model. */
  readonly old?: Tensor<'example'>
  /** The number of tokens of y. */
  readonly length: Tensor<'example'>
}
/** All that a loss may ask for; a batch has what its `needs` name. */
export interface Evidence {
  readonly chosen: Completion
  readonly rejected: Completion
  readonly outcome: Completion
  /** +1 desirable, −1 undesirable. */
  readonly label: Tensor<'example'>
  /** Mismatched completions of the same prompts. */
  readonly unrelated: Completion
  /** V(x) of the outcome's prompt. */
  readonly value?: Tensor<'example'>
  /** By how much the chosen completion of a pair is better, in the scores of a judge. */
  readonly margin?: Tensor<'example'>
}
/** A mean that is not yet divided: those of parts add up to that of the whole. */
export interface Statistic {
  readonly sum: Tensor
  readonly count: Tensor
}
/** A mean that is not yet divided, example by example: Σ costs / Σ shares. */
export interface Term {
  readonly name?: string
  readonly numerator: Tensor<'example'>
  readonly denominator: Tensor<'example'>
}
export interface Outcome {
  /** The means that the loss is the sum of. */
  readonly terms: readonly Term[]
  readonly rewards: { readonly outcome?: Tensor<'example'>; readonly chosen?: Tensor<'example'>; readonly rejected?: Tensor<'example'> }
  /** z, at which the value function was taken. */
  readonly relativeReward?: Tensor<'example'>
  /** |v′(z)/v′(0)|: how much of its slope the value function has left. */
  readonly steepness?: Tensor<'example'>
  readonly z0?: Tensor
}
export interface TrainingLoss {
  readonly name: string
  readonly needs: {
    readonly pair: boolean
    readonly label: boolean
    readonly unrelated: boolean
    readonly reference: boolean
    /** What a value head says of the prompts. */
    readonly value?: boolean
    /** By how much the chosen completion of a pair is better. */
    readonly margin?: boolean
    /** The statistics of earlier batches are pooled with this one's. */
    readonly history: boolean
  }
  /** What evaluating must know of the whole batch. */
  readonly statistic?: (evidence: Evidence) => Statistic
  /** `pooled` is the statistic of the whole batch, of which the evidence may be a part. */
  readonly evaluate: (evidence: Evidence, pooled?: Statistic) => Outcome
}
