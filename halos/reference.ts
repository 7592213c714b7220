/**
 * Reference points: what a human compares with, E_{(x', y') ~ Q}[ r_θ(x', y') ]. A closed vocabulary of distributions Q, each with
 * the estimator of its expectation, and whether that is held constant (no gradient), clamped at 0, and pooled over the whole batch.
 *
 *     KTO:  z₀ = max(0, stop(mean of r_θ(x, y') over unrelated completions y'))
 */
import { div, equal, iota, less, maximum, mul, rename, size, stopGradient, sub, sum, type Tensor, where } from '../core/index.ts'
import { constant } from '../core/internal.ts'
import type { Completion, Everything, EvidenceKind } from './evidence.ts'
import type { Statistic } from './loss.ts'
import { type Checked, valid } from './validation.ts'
import { vocabulary } from './vocabulary.ts'

/** How far the expectation reaches: one example, the batch, or the batch and all earlier ones. */
export type Reach = 'example' | 'batch' | 'history'

/** A reference distribution Q: what a reward is compared with, the evidence that it needs, and how E_Q r is estimated. */
export interface Reference<K extends EvidenceKind = EvidenceKind> {
  readonly name: string
  /** The evidence it asks for. */
  readonly kind: K
  /** Q = (Qx, Qy). */
  readonly inputs: string
  readonly outputs: string
  readonly estimator: string
  /** Whose rewards are averaged: `opposite` is the other label's. `none` is the anchor, a constant; `sampler` a constant, too, which the mean under π_old is. */
  readonly over: 'rejected' | 'rank' | 'unrelated' | 'outcome' | 'opposite' | 'none' | 'sampler'
  readonly reach: Reach
  /** Held constant: no gradient flows into it. */
  readonly held: boolean
  /** max(0, ·), after averaging. */
  readonly clamped: boolean
}

const references = vocabulary()
export const isReference = references.has
const reference = <K extends EvidenceKind>(q: Reference<K>): Reference<K> => references.adopt(q)

/** Q = δ(y_l): the rejected completion of the same prompt. */
const pointMass = reference<'pair'>({
  name: 'δ(y_l)',
  kind: 'pair',
  inputs: 'the same prompt',
  outputs: 'point mass on the rejected completion',
  estimator: 'its reward, exactly',
  over: 'rejected',
  reach: 'example',
  held: false,
  clamped: false,
})
/** The rejected completion of the same prompt: Q = δ(y_l), as DPO has it. */
export const rejected: Checked<Reference<'pair'>> = valid(pointMass)

/**
 * Q = (data, π_θ): E[β log π_θ/π_ref] is β KL(π_θ‖π_ref), which is never negative. Completions of π_θ are too dear to sample at every
 * step: completions of other prompts of the batch stand in for them (KTO paper, §4.1), the estimate is clamped, and held constant.
 *
 * Of independent draws of π_θ the mean is unbiased. What trains is biased, by bounds that spec/theorems/estimator.ts proves: mismatched
 * data by (max r − min r) · TV(data, π_θ); the clamp upwards, by half a standard deviation of the mean; holding it constant leaves out
 * at most ¼ λ |∂z₀/∂θ| of the gradient. Micro-batches add nothing, for they are pooled before the clamp.
 */
export const policy = ({ clamped = true, held = true } = {}): Checked<Reference<'unrelated'>> =>
  valid(
    reference({
      name: clamped ? 'max(0, KL(π_θ‖π_ref))' : 'KL(π_θ‖π_ref)',
      kind: 'unrelated',
      inputs: 'the prompts of the data',
      outputs: 'π_θ, represented by the mismatched completions of the batch',
      estimator:
        'mean reward of the unrelated completions: unbiased if these are independent draws of π_θ; biased by at most (max r − min r) TV(data, π_θ) on mismatched data',
      over: 'unrelated',
      reach: 'batch',
      held,
      clamped,
    }),
  )

/** Q = δ(y_l), where y_l is the rejected completion of the same rank among the rejected ones (optimal transport of rewards). */
export const rankMatched: Checked<Reference<'pair'>> = valid(
  reference({
    ...pointMass,
    name: 'δ(y_l of equal rank)',
    inputs: 'the prompt of the rejected completion of equal rank',
    over: 'rank',
  }),
)

const judged = {
  kind: 'judged',
  inputs: 'the prompts of the data',
  reach: 'example',
  held: true,
  clamped: false,
} as const

/** The anchor: the reward where the policy is its reference model (0 for log-ratios). Legal for rewards that have one. */
const fixed: Reference<'judged'> = reference({
  ...judged,
  name: 'r(u = 0)',
  outputs: 'none: the anchor u = 0, where the policy is its reference model',
  estimator: 'a constant',
  over: 'none',
})
/** The anchor u = 0: rewards are compared with that of the reference model itself. */
export const anchor: Checked<Reference<'judged'>> = valid(fixed)
/** Q = (data, π_old): E[q] = Σ π_old · π_θ/π_old = 1, exactly, whatever θ. */
export const sampler: Checked<Reference<'judged'>> = valid(
  reference({
    ...fixed,
    name: '1 = E[q]',
    outputs: 'π_old, which sampled the completions',
    estimator: 'the constant 1, which E[π_θ/π_old] is',
    over: 'sampler',
  }),
)
/** Q = the judged completions of the batch: their mean reward (KTO on surprisal). */
const ofBatch: Reference<'judged'> = reference({
  ...judged,
  name: 'mean r of the batch',
  outputs: 'the empirical distribution of the batch',
  estimator: 'mean reward of the judged completions',
  over: 'outcome',
  reach: 'batch',
})
/** The mean reward of the judged completions of the batch (BCO's δ). */
export const batch: Checked<Reference<'judged'>> = valid(ofBatch)
/** The same over this batch and all earlier ones. The earlier rewards are those of older θ: Q trails the policy. */
export const running: Checked<Reference<'judged'>> = valid(
  reference({
    ...ofBatch,
    name: 'running mean of r',
    outputs: 'the empirical distribution of all batches so far',
    estimator: 'mean reward of all judged completions so far, each under the θ of its time',
    reach: 'history',
  }),
)
/** Q = the completions of the other label: desirable ones are compared with undesirable ones, and conversely. Not held. */
export const opposite: Checked<Reference<'judged'>> = valid(
  reference({
    ...ofBatch,
    name: 'max(0, mean r of the other label)',
    outputs: 'the empirical distribution of the completions of the other label',
    estimator: 'their mean reward',
    over: 'opposite',
    held: false,
    clamped: true,
  }),
)

/** The rewards that Q averages. */
type RewardOf = (y: Completion) => Tensor<'example'>

const total = (x: Tensor<'example'>, weight?: Tensor<'example'>): Statistic => ({
  sum: sum(weight === undefined ? x : (mul(x, weight) as Tensor<'example'>), 'example'),
  count: weight === undefined ? constant(size(x, 'example')) : sum(weight, 'example'),
})

/** Σ r and the number of examples, over the completions of this (micro-)batch. */
export const statistic = ({ over }: Reference, reward: RewardOf, evidence: Everything): Statistic =>
  total(reward(over === 'unrelated' ? evidence.unrelated : evidence.outcome))

/** Whether one number, summed over the batch, is all that an example must know of the others. */
export const pools = ({ reach, over }: Reference): boolean => reach !== 'example' && over !== 'opposite'

/** E_Q r, for every example or once for the whole batch. */
export const expectation = (
  q: Reference,
  reward: RewardOf,
  centre: number | undefined,
  evidence: Everything,
  pooled?: Statistic,
): Tensor<'example'> | Tensor => {
  const finish = <A extends string>(x: Tensor<A>): Tensor<A> => {
    const held = q.held ? stopGradient(x) : x
    return q.clamped ? (maximum(held, 0) as Tensor<A>) : held
  }
  switch (q.over) {
    case 'none':
    case 'sampler':
      return constant(centre ?? Number.NaN) // a declaration without a centre was refused
    case 'rejected':
      return finish(reward(evidence.rejected))
    case 'rank':
      return finish(ofEqualRank(reward(evidence.rejected), reward(evidence.chosen)))
    case 'opposite': {
      const [desirable, r] = [less(0, evidence.label) as Tensor<'example'>, reward(evidence.outcome)]
      const mean = ({ sum: s, count }: Statistic): Tensor => finish(div(s, maximum(count, 1)))
      return where(desirable, mean(total(r, sub(1, desirable))), mean(total(r, desirable))) as Tensor<'example'>
    }
    default: {
      const { sum: s, count } = pooled ?? statistic(q, reward, evidence)
      return finish(div(s, count))
    }
  }
}

/** For every x, the value of the same rank; ties are broken by position. */
export const ofEqualRank = (values: Tensor<'example'>, x: Tensor<'example'>): Tensor<'example'> => {
  const others = rename(values, 'example', 'other')
  const matches = equal(rank(x), rename(rank(values), 'example', 'other')) as Tensor<'example' | 'other'>
  return sum(mul(matches, others) as Tensor<'example' | 'other'>, 'other')
}
const rank = (x: Tensor<'example'>): Tensor<'example'> => {
  const n = size(x, 'example')
  const [other, earlier] = [rename(x, 'example', 'rival'), less(iota('rival', n), iota('example', n))]
  return sum(where(equal(other, x), earlier, less(other, x)) as Tensor<'example' | 'rival'>, 'rival')
}
