/**
 * From a batch of token sequences to the loss of a policy, by whatever loss: the evidence that it needs decides what is computed.
 *
 *     evidence = { log π_θ(y|x), log π_ref(y|x), |y| }  of  chosen and rejected,  or  outcome (with label, unrelated)
 */
import { add, equal, fill, mul, rename, size, sum, type Tensor } from '../../core/index.ts'
import type { AnyLoss, Completion, Everything, Outcome, Statistic } from '../../halos/index.ts'
import { pool } from '../../halos/index.ts'
import {
  collect,
  type DataColumn,
  dataColumns,
  divided,
  type EvidenceRole,
  roles,
  supply,
  type TokenRatios,
  totalsOf,
} from '../../halos/internal.ts'
import type { ByRole } from '../data/example.ts'
import { ConfigError } from '../io/errors.ts'
import type { Sequences } from '../nets/sequences.ts'
import type { Scores, Trainable } from '../nets/trainable.ts'
import type { ReferenceScores } from './frozen.ts'
import { klOf, type Metrics, metricsOf } from './metrics.ts'

/** Completions of prompts, with what the reference model says of them where the loss asks for it. */
export interface ScoredTokens extends Sequences, ReferenceScores {}
/** The columns of evidence that data give beside the texts. */
type DataColumns = { readonly [C in DataColumn]?: Tensor<'batch'> }
/** What one step reads: `chosen` and `rejected`, or `outcome` and perhaps `label` and `unrelated`; and what the data say beside, such as a `margin`. */
export interface TrainingBatch extends ByRole<ScoredTokens>, DataColumns {
  /** +1 desirable, −1 undesirable. */
  readonly label?: Tensor<'batch'>
  /** How much each example counts. Default: 1. */
  readonly weight?: Tensor<'batch'>
}

/** What a part must know of the batch that it is a part of. */
export interface Whole {
  /** What the loss pools. */
  readonly statistic?: Statistic
  /** Σ w · denominator of each term. */
  readonly denominator: readonly Tensor[]
}
/** What is differentiated, and what is reported. The losses of parts add up to that of the whole. */
export interface Objective {
  readonly loss: Tensor
  /** Of each example, undivided. */
  readonly losses: Tensor<'example'>
  readonly metrics: Metrics
}

/** The loss of a batch, or of a part of one. */
export const objective = <P>(model: Trainable<P>, loss: AnyLoss, parameters: P, batch: TrainingBatch, whole?: Whole): Objective => {
  const scores = scoresOf(batch, (part) => model.score(parameters, part))
  const evidence = evidenceOf(loss, batch, scores, whole?.statistic)
  const outcome = loss.evaluate(evidence, whole?.statistic)
  const totals = weighted(outcome, batch)
  return {
    loss: meanLoss(totals, whole?.denominator),
    losses: outcome.terms.map(({ numerator }) => numerator).reduce((a, b) => add(a, b)),
    metrics: { ...named(outcome, totals, loss.name), ...metricsOf(loss, evidence, outcome, scores) },
  }
}

/** What the parts of a batch must know of it, from one of them, and what is reported of that. No gradient. */
export const batchStatistics = <P>(
  model: Trainable<P>,
  loss: AnyLoss,
  parameters: P,
  batch: TrainingBatch,
): { readonly whole: Whole; readonly metrics: Metrics } => {
  const evidence = evidenceOf(
    loss,
    batch,
    scoresOf(batch, (part) => model.score(parameters, part)),
  )
  const statistic = loss.statistic?.(evidence)
  const denominator = weighted(loss.evaluate(evidence, statistic), batch).map(({ count }) => count)
  return { whole: { ...(statistic && { statistic }), denominator }, metrics: klOf(loss, evidence) }
}

/** The loss of these parts of a batch if the policy were the reference model: no model is run. The first step of a run must find it. */
export const startingPoint = (loss: AnyLoss, parts: readonly TrainingBatch[]): Tensor => {
  const reference = (part: ScoredTokens): Scores => ({
    ...{ logProbability: part.reference ?? zeros(part), value: zeros(part) },
    ...(part.tokenReference && { tokens: part.tokenReference }),
  })
  const evidence = parts.map((batch) => evidenceOf(loss, batch, scoresOf(batch, reference)))
  const pooled = loss.statistic && evidence.map((e) => loss.statistic!(e)).reduce(pool)
  const totals = evidence.map((e, i) => weighted(loss.evaluate(e, pooled), parts[i]!))
  return meanLoss(totals[0]!.map((_, k) => totals.map((part) => part[k]!).reduce(pool)))
}

/** Σ w · numerator and Σ w · denominator of each term. */
const weighted = (outcome: Outcome, { weight }: TrainingBatch): readonly Statistic[] =>
  totalsOf(outcome, weight && rename(weight, 'batch', 'example'))
/** Σ over terms of Σ w · numerator / Σ w · denominator; a mean over nothing is 0. */
const meanLoss = (totals: readonly Statistic[], denominator: readonly Tensor[] = totals.map(({ count }) => count)): Tensor =>
  divided(totals.map(({ sum }, k) => ({ sum, count: add(denominator[k]!, equal(denominator[k]!, 0)) })))
/** The loss, or what each term adds to it. */
const named = ({ terms }: Outcome, totals: readonly Statistic[], loss: string): Metrics => {
  if (terms.length === 1) return { loss: totals[0]! }
  const names = terms.map(({ name = loss }) => name)
  return Object.fromEntries(
    totals.map((total, k) => [`loss/${names.indexOf(names[k]!) === k ? names[k] : `${names[k]} (${k + 1})`}`, total]),
  )
}

const zeros = ({ mask }: ScoredTokens): Tensor<'batch'> => fill({ batch: size(mask, 'batch') }, 0)

/** What is said of every text of a batch. */
const scoresOf = (batch: TrainingBatch, score: (part: ScoredTokens) => Scores): ByRole<Scores> =>
  collect(roles, (role) => batch[role] && score(batch[role]))

/**
 * Evidence is about examples; a batch is how they are run. What a loss does not need is absent, and nothing is computed until it is read.
 * @throws ConfigError for a loss that needs a value head, and a model without
 */
const evidenceOf = (loss: AnyLoss, batch: TrainingBatch, scores: ByRole<Scores>, pooled?: Statistic): Everything => {
  const { name, needs } = loss
  const example = (x: Tensor<'batch'>): Tensor<'example'> => rename(x, 'batch', 'example')
  const completion = (role: EvidenceRole): Completion | undefined => {
    const [part, found] = [batch[role], scores[role]]
    return (
      part &&
      found && {
        policy: example(found.logProbability),
        reference: example(part.reference ?? zeros(part)),
        length: example(sum(part.mask, 'seq')),
      }
    )
  }
  const ratios = (role: EvidenceRole): TokenRatios | undefined => {
    const [part, found] = [batch[role], scores[role]]
    if (part === undefined || found === undefined) return undefined
    const cell = (x: Tensor<'batch' | 'seq'>): Tensor<'example' | 'token'> => rename(rename(x, 'batch', 'example'), 'seq', 'token')
    const { tokens: policy } = found
    if (policy === undefined) throw new ConfigError(wholeTexts(name))
    const mask = cell(part.mask)
    return { policy: cell(policy), reference: part.tokenReference ? cell(part.tokenReference) : (mul(mask, 0) as typeof mask), mask }
  }
  const value = needs.value ? scores.outcome?.value : undefined
  if (needs.value && value === undefined)
    throw new ConfigError({
      expected: `a model with a value head, which ${name} needs`,
      found: 'one without',
      advice: 'Train valuing(model), from { policy, head }.',
    })
  const evidence = {
    ...(loss.tokens === undefined ? collect(roles, completion) : loss.tokens.read(collect(roles, ratios))),
    ...(batch.label && { label: example(batch.label) }),
    ...(value && { value: example(value) }),
    ...collect(dataColumns, (column) => batch[column] && example(batch[column])),
  }
  return supply(loss, evidence, pooled)
}
const wholeTexts = (loss: string) => ({
  expected: `a language model: ${loss} reads the tokens of completions`,
  found: 'a model that says one number of a whole text',
  advice: 'Train a language model, or use a loss of whole completions.',
})
