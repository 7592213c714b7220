/**
 * Rewards: how much the policy thinks of a completion. A closed vocabulary, every word strictly increasing in log π_θ(y|x).
 *
 *     r_θ(x, y) = β log (π_θ(y|x) / π_ref(y|x))        the reward that DPO and KTO imply
 */
import { either as E } from 'fp-ts'
import { type Scalar, type Tensor, type Ternary, ternary } from '../core/index.ts'
import type { Completion, Part } from './evidence.ts'
import { type Checked, positive } from './flaw.ts'

export interface Reward<P extends Part = Part> {
  readonly name: string
  /** Which numbers of a completion it depends on: the loss asks for no others. */
  readonly reads: readonly P[]
  /** r per unit of log π_θ, where that is a constant: a mean of r divided by it is a KL divergence in nats. */
  readonly scale: number
  /** (log π_θ, log π_ref, tokens) ↦ r, in the scalar language: computed, differentiated and proved from this text. */
  readonly body: Ternary
}

/** r of every example. */
export const rewardOf = (reward: Reward): ((y: Pick<Completion, 'policy'> & Partial<Completion>) => Tensor<'example'>) => {
  const r = ternary(reward.body)
  return (y) => r(y.policy, y.reference ?? 0, y.length ?? 1) // what it does not read may be absent
}

/** r = β u, u = log π_θ(y|x) − log π_ref(y|x). */
export const logRatio = (beta: number): Checked<Reward<'policy' | 'reference'>> =>
  E.map((b: number) => ({
    name: `${b}·log π_θ/π_ref`,
    reads: ['policy', 'reference'] as const,
    scale: b,
    body:
      <A>(S: Scalar<A>) =>
      (policy: A, reference: A) =>
        S.mul(S.of(b), S.sub(policy, reference)),
  }))(positive('reward.beta', beta))
