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
/**
 * Q = δ(y_l): the rejected completion of the same pair, as in DPO (KTO paper, Proposition 3.5).
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, rejected } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: rejected, value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // δ(y_l)
 * ```
 */
export const rejected: Checked<Reference<'pair'>> = valid(pointMass)

/**
 * Q = (data, π_θ): E_Q r = β KL(π_θ‖π_ref) for r = βu, which is never negative. KTO paper (arXiv:2402.01306), §4.1.
 *
 * Sampling π_θ at every step is expensive, so completions of other prompts of the batch stand in for its samples. The estimate is biased:
 * for mismatched data by at most (max r − min r)·TV(data, π_θ); the clamp raises it by at most half a standard deviation of the mean;
 * holding it constant omits at most ¼ λ |∂z₀/∂θ| of the gradient (spec/theorems/estimator.ts). Micro-batches are pooled before the clamp.
 * @param options.clamped whether the estimate is max(0, mean); default true
 * @param options.held whether it is held constant, so that no gradient flows into it; default true
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, policy } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: policy(), value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // max(0, KL(π_θ‖π_ref))
 * ```
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

/**
 * Q = δ(y_l): the rejected completion of the same rank among the rewards of the batch (AOT, arXiv:2406.05882, unpaired).
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, rankMatched } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: rankMatched, value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // δ(y_l of equal rank)
 * ```
 */
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
/**
 * A constant reference point: r at u = 0, the reward of the reference model itself (0 for r = βu). `halo` refuses it for rewards that are
 * no function of u.
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, anchor } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: anchor, value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // r(u = 0)
 * ```
 */
export const anchor: Checked<Reference<'judged'>> = valid(fixed)
/**
 * Q = (data, π_old), which sampled the completions: E_Q q = Σ π_old·π_θ/π_old = 1, whatever θ. For rewards that are ratios.
 * @example
 * ```ts
 * import { getOrThrow, sampler } from 'halograd/halos'
 * console.log(getOrThrow(sampler).estimator) // the constant 1, which E[π_θ/π_old] is
 * ```
 */
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
/**
 * Q = the judged completions of the batch: their mean reward, held constant and pooled over micro-batches (KTO on surprisal).
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, batch } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: batch, value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // mean r of the batch
 * ```
 */
export const batch: Checked<Reference<'judged'>> = valid(ofBatch)
/**
 * Q = the judged completions of this batch and of all earlier ones (BCO's δ, arXiv:2404.04656): the mean reward, each under the θ of its
 * step, so that Q lags behind the policy. Held constant; the trainer carries the statistic from step to step.
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, running } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: running, value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // running mean of r
 * ```
 */
export const running: Checked<Reference<'judged'>> = valid(
  reference({
    ...ofBatch,
    name: 'running mean of r',
    outputs: 'the empirical distribution of all batches so far',
    estimator: 'mean reward of all judged completions so far, each under the θ of its time',
    reach: 'history',
  }),
)
/**
 * Q = the completions of the batch that have the other label: desirable ones are compared with undesirable ones, and conversely. Clamped
 * at 0; gradients flow into it (TRL's `kto_pair`).
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logLogistic, logRatio, negation, opposite } from 'halograd/halos'
 * const declared = halo({ name: 'mine', reward: logRatio(0.1), reference: opposite, value: logLogistic, t: always(negation) })
 * console.log(getOrThrow(declared).reference.name) // max(0, mean r of the other label)
 * ```
 */
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

/**
 * The statistic of a batch that estimates E_Q r: the sum of the rewards that Q averages, and their number. Add those of micro-batches with
 * `pool`.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { batch, type Everything, getOrThrow, logRatio, rewardOf, statistic } from 'halograd/halos'
 * const of = (...xs: number[]) => tensor({ example: xs.length }, xs)
 * const y = { policy: of(-10, -8), reference: of(-12, -8), length: of(4, 4) }
 * const evidence: Everything = { outcome: y, chosen: y, rejected: y, unrelated: y, label: of(1, -1) }
 * const { sum, count } = statistic(getOrThrow(batch), rewardOf(getOrThrow(logRatio(0.5))), evidence)
 * console.log([...(await read(reference(), sum)), ...(await read(reference(), count))]) // [ 1, 2 ]
 * ```
 */
export const statistic = ({ over }: Reference, reward: RewardOf, evidence: Everything): Statistic =>
  total(reward(over === 'unrelated' ? evidence.unrelated : evidence.outcome))

/** Whether one number, summed over the batch, is all that an example must know of the others. */
export const pools = ({ reach, over }: Reference): boolean => reach !== 'example' && over !== 'opposite'

/**
 * E_Q r as an expression: one number for each example, or one for the whole batch, with the clamp and the stop-gradient that Q declares.
 * @param q the reference distribution
 * @param reward r, as `rewardOf` gives it
 * @param centre r at u = 0, for references that are a constant; a reward has it as `centre`
 * @param evidence the batch
 * @param pooled the statistic of the whole batch, of which the evidence is a part; default: that of the evidence
 * @example
 * ```ts
 * import { axesOf, tensor } from 'halograd/core'
 * import { batch, type Everything, expectation, getOrThrow, logRatio, rewardOf } from 'halograd/halos'
 * const of = (...xs: number[]) => tensor({ example: xs.length }, xs)
 * const y = { policy: of(-10, -8), reference: of(-12, -8), length: of(4, 4) }
 * const evidence: Everything = { outcome: y, chosen: y, rejected: y, unrelated: y, label: of(1, -1) }
 * const mean = expectation(getOrThrow(batch), rewardOf(getOrThrow(logRatio(0.5))), 0, evidence)
 * console.log(axesOf(mean).length) // 0
 * ```
 */
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
