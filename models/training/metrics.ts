/**
 * What a run reports, under the names that users of TRL know, and a few of our own: `z0`, `z0/clamped`, `saturated`.
 * In a program a metric is an undivided mean: those of micro-batches add up, and one without cases (no desirable example) is absent, not NaN.
 */
import { equal, less, mul, rename, size, sub, sum, type Tensor, where } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import type { AnyLoss, Everything, Outcome, Statistic } from '../../halos/index.ts'
import { pool } from '../../halos/index.ts'
import type { ByRole } from '../data/example.ts'
import type { Scores } from '../nets/trainable.ts'

/** Metrics of a micro-batch, by name, as sums and counts: those of micro-batches add up. */
export type Metrics = Readonly<Record<string, Statistic>>

/** A value function is saturated where its slope is under 4 % of what it is at its reference point: for σ, where σ(z) σ(−z) < 0.01. */
const flat = 0.04

export const metricsOf = (loss: AnyLoss, evidence: Everything, outcome: Outcome, scores: ByRole<Scores>): Metrics => {
  const { z0, steepness } = outcome
  return {
    ...(loss.needs.pair ? pairs(evidence, outcome) : loss.needs.label ? judged(evidence, outcome) : {}),
    ...klOf(loss, evidence),
    ...perToken(evidence, scores),
    ...(z0 === undefined ? {} : { z0: one(z0), 'z0/clamped': one(equal(z0, 0)) }),
    ...(steepness === undefined ? {} : { saturated: mean(less(steepness, flat)) }),
  }
}

/** KL(π_θ‖π_ref) as KTO estimates it: the mean log-ratio of unrelated completions, where there are some. */
export const klOf = ({ needs }: AnyLoss, { unrelated }: Partial<Everything>): Metrics =>
  unrelated !== undefined && needs.reference ? { kl: mean(sub(unrelated.policy, unrelated.reference)) } : {}

type MetricExamples = Tensor<'example'>
const one = (x: Tensor): Statistic => ({ sum: x, count: constant(1) })
const mean = (x: MetricExamples): Statistic => ({ sum: sum(x, 'example'), count: constant(size(x, 'example')) })
/** The mean over the examples where `chosen` is 1. */
const meanWhere = (chosen: MetricExamples, x: MetricExamples): Statistic => ({
  sum: sum(where(chosen, x, 0), 'example'),
  count: sum(chosen, 'example'),
})

/** Means over the tokens of completions: how undecided the policy is there, and how large its logits are, whatever the token. */
const perToken = (evidence: Partial<Everything>, scores: ByRole<Scores>): Metrics => {
  const over = (
    name: 'entropy' | 'logits',
    role: 'chosen' | 'rejected' | 'outcome',
    which: MetricExamples | 1 = 1,
  ): Statistic | undefined => {
    const [found, length] = [scores[role]?.[name], evidence[role]?.length]
    const total = (x: MetricExamples): Tensor => sum(mul(which, x) as MetricExamples, 'example')
    return found && length && { sum: total(rename(found, 'batch', 'example')), count: total(length) }
  }
  const named = (name: string, ...parts: readonly (Statistic | undefined)[]): Metrics => {
    const found = parts.filter((part) => part !== undefined)
    return found.length === 0 ? {} : { [name]: found.reduce(pool) }
  }
  const { label } = evidence
  return {
    ...named('entropy', over('entropy', 'chosen'), over('entropy', 'rejected'), over('entropy', 'outcome')),
    ...named('logits/chosen', over('logits', 'chosen'), label && over('logits', 'outcome', less(0, label))),
    ...named('logits/rejected', over('logits', 'rejected'), label && over('logits', 'outcome', less(label, 0))),
  }
}

const pairs = ({ chosen, rejected }: Everything, { rewards }: Outcome): Metrics => {
  const [better, worse] = [rewards.chosen, rewards.rejected]
  return {
    'logps/chosen': mean(chosen.policy),
    'logps/rejected': mean(rejected.policy),
    ...(better === undefined || worse === undefined
      ? {}
      : {
          'rewards/chosen': mean(better),
          'rewards/rejected': mean(worse),
          'rewards/margins': mean(sub(better, worse)),
          'rewards/accuracies': mean(less(worse, better)),
        }),
  }
}

/** `rewards/accuracies` of judged completions: how often the relative reward z has the sign of the label. Their margin is taken after dividing. */
const judged = ({ outcome, label }: Everything, { rewards, relativeReward }: Outcome): Metrics => {
  const desirable = less(0, label)
  const undesirable = less(label, 0)
  const reward = rewards.outcome
  return {
    'logps/chosen': meanWhere(desirable, outcome.policy),
    'logps/rejected': meanWhere(undesirable, outcome.policy),
    ...(reward === undefined ? {} : { 'rewards/chosen': meanWhere(desirable, reward), 'rewards/rejected': meanWhere(undesirable, reward) }),
    ...(relativeReward === undefined ? {} : { 'rewards/accuracies': mean(less(0, relativeReward)) }),
  }
}

/** The means. Those without cases are absent; the margin of judged completions is that of their means; KL is never negative; terms add up to the loss. */
export const divide = (totals: Readonly<Record<string, { readonly sum: number; readonly count: number }>>): Record<string, number> => {
  const means: Record<string, number> = {}
  for (const [name, { sum, count }] of Object.entries(totals)) if (count !== 0) means[name] = sum / count
  const { 'rewards/chosen': chosen, 'rewards/rejected': rejected } = means
  if (chosen !== undefined && rejected !== undefined) means['rewards/margins'] = chosen - rejected
  const terms = Object.entries(means).flatMap(([name, mean]) => (name.startsWith('loss/') ? [mean] : []))
  if (terms.length > 0) means.loss = terms.reduce((a, b) => a + b)
  if (means.kl !== undefined) means.kl = Math.max(0, means.kl)
  return means
}
