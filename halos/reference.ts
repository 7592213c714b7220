/**
 * Reference points: what a human compares with, E_{(x', y') ~ Q}[ r_θ(x', y') ]. A closed vocabulary of distributions Q, each with
 * the estimator of its expectation, and whether that is held constant (no gradient), clamped at 0, and pooled over the whole batch.
 *
 *     KTO:  z₀ = max(0, stop(mean of r_θ(x, y') over unrelated completions y'))
 */
import { constant, div, maximum, size, stopGradient, sum, type Tensor } from '../core/index.ts'
import type { Completion, Everything, Kind } from './evidence.ts'
import { type Checked, sound } from './flaw.ts'
import type { Statistic } from './loss.ts'

/** How far the expectation reaches: one example, the batch, or the batch and all earlier ones. */
export type Reach = 'example' | 'batch' | 'history'

export interface Reference<K extends Kind = Kind> {
  readonly name: string
  /** The evidence it asks for. */
  readonly kind: K
  /** Q = (Qx, Qy). */
  readonly inputs: string
  readonly outputs: string
  readonly estimator: string
  /** The completions whose rewards are averaged; `none` for the constant 0. */
  readonly over: 'rejected' | 'unrelated' | 'outcome' | 'none'
  readonly reach: Reach
  /** Held constant: no gradient flows into it. */
  readonly held: boolean
  /** max(0, ·), after averaging. */
  readonly clamped: boolean
}

/** Q = δ(y_l): the rejected completion of the same prompt. */
export const rejected: Checked<Reference<'pair'>> = sound({
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
 * Q = (data, π_θ): E[β log π_θ/π_ref] is β KL(π_θ‖π_ref), which is never negative. Completions of π_θ are too dear to sample at every
 * step: completions of other prompts of the batch stand in for them (KTO paper, §4.1), the estimate is clamped, and held constant.
 */
export const policy = ({ clamped = true, held = true } = {}): Checked<Reference<'unrelated'>> =>
  sound({
    name: clamped ? 'max(0, KL(π_θ‖π_ref))' : 'KL(π_θ‖π_ref)',
    kind: 'unrelated',
    inputs: 'the prompts of the data',
    outputs: 'π_θ, represented by the mismatched completions of the batch',
    estimator: 'mean reward of the unrelated completions',
    over: 'unrelated',
    reach: 'batch',
    held,
    clamped,
  })

/** The rewards that Q averages. */
type RewardOf = (y: Completion) => Tensor<'example'>

/** Σ r and the number of examples, over the completions of this (micro-)batch. */
export const statistic = ({ over }: Reference, reward: RewardOf, evidence: Everything): Statistic => {
  const rewards = over === 'none' ? undefined : reward(evidence[over])
  return rewards === undefined
    ? { sum: constant(0), count: constant(0) }
    : { sum: sum(rewards, 'example'), count: constant(size(rewards, 'example')) }
}

/** E_Q r, for every example or once for the whole batch. */
export const expectation = (q: Reference, reward: RewardOf, evidence: Everything, pooled?: Statistic): Tensor<'example'> | Tensor => {
  const hold = <A extends string>(x: Tensor<A>): Tensor<A> => (q.held ? stopGradient(x) : x)
  const clamp = <A extends string>(x: Tensor<A>): Tensor<A> => (q.clamped ? (maximum(x, 0) as Tensor<A>) : x)
  if (q.over === 'none') return constant(0)
  if (q.reach === 'example') return clamp(hold(reward(evidence[q.over])))
  const { sum: total, count } = pooled ?? statistic(q, reward, evidence)
  return clamp(hold(div(total, count)))
}
