/**
 * From a batch of token sequences to the loss of a policy, by whatever loss: the evidence that it needs decides what is computed.
 *
 *     evidence = { log π_θ(y|x), log π_ref(y|x), |y| }  of  chosen and rejected,  or  outcome (with label, unrelated)
 */
import { add, constant, div, fill, mul, rename, size, sum, type Tensor } from '../core/index.ts'
import { ConfigError } from './errors.ts'
import type { Completion, Evidence, Outcome, Statistic, TrainingLoss } from './loss.ts'
import { klOf, type Metrics, metricsOf } from './metrics.ts'
import type { Sequences } from './sequences.ts'
import type { Scores, Trainable } from './trainable.ts'

/** Completions of prompts, with what the reference model says of them where the loss asks for it. */
export interface Scored extends Sequences {
  /** log π_ref(y|x). */
  readonly reference?: Tensor<'batch'>
}
/** What one step reads: `chosen` and `rejected`, or `outcome` and perhaps `label` and `unrelated`. */
export interface TrainingBatch {
  readonly chosen?: Scored
  readonly rejected?: Scored
  readonly outcome?: Scored
  /** +1 desirable, −1 undesirable. */
  readonly label?: Tensor<'batch'>
  readonly unrelated?: Scored
}

/** What is differentiated, what weighs it against other micro-batches, and what is reported. */
export interface Objective {
  readonly loss: Tensor
  readonly weight: Tensor
  readonly losses: Tensor<'example'>
  readonly metrics: Metrics
}

/** The loss of a batch. `pooled` is the statistic of the larger batch that it is part of. */
export const objective = <P>(
  model: Trainable<P>,
  loss: TrainingLoss,
  parameters: P,
  batch: TrainingBatch,
  pooled?: Statistic,
): Objective => {
  const evidence = evidenceOf(loss, batch, (part) => model.score(parameters, part))
  const outcome = loss.evaluate(evidence, pooled)
  const { loss: value, weight, losses } = outcome
  return { loss: value, weight, losses, metrics: metricsOf(loss, evidence, outcome) }
}

/** What a loss must know of a whole batch, from a part of it, and what is reported of that. No gradient. */
export const survey = <P>(
  model: Trainable<P>,
  loss: TrainingLoss,
  parameters: P,
  batch: TrainingBatch,
): { readonly statistic: Statistic; readonly metrics: Metrics } => {
  const evidence = evidenceOf(loss, batch, (part) => model.score(parameters, part))
  return { statistic: loss.statistic?.(evidence) ?? { sum: constant(0), count: constant(0) }, metrics: klOf(loss, evidence) }
}

/** The loss of these parts of a batch if the policy were the reference model: no model is run. The first step of a run must find it. */
export const startingPoint = (loss: TrainingLoss, parts: readonly TrainingBatch[]): Tensor => {
  const evidence = parts.map((batch) =>
    evidenceOf(loss, batch, (part) => ({ logProbability: part.reference ?? zeros(part), value: zeros(part) })),
  )
  const { statistic } = loss
  const pooled = statistic && evidence.map((e) => statistic(e)).reduce((a, b) => ({ sum: add(a.sum, b.sum), count: add(a.count, b.count) }))
  const outcomes = evidence.map((e) => loss.evaluate(e, pooled))
  const total = (each: (outcome: Outcome) => Tensor): Tensor => outcomes.map(each).reduce((a, b) => add(a, b))
  return div(
    total(({ loss, weight }) => mul(loss, weight)),
    total(({ weight }) => weight),
  )
}

const zeros = ({ mask }: Scored): Tensor<'batch'> => fill({ batch: size(mask, 'batch') }, 0)

/**
 * Evidence is about examples; a batch is how they are run. What a loss does not need is absent, and nothing is computed until it is read.
 * @throws ConfigError for a loss that needs a value head, and a model without
 */
const evidenceOf = ({ name, needs }: TrainingLoss, batch: TrainingBatch, score: (part: Scored) => Scores): Evidence => {
  const example = (x: Tensor<'batch'>): Tensor<'example'> => rename(x, 'batch', 'example')
  const completion = (part: Scored | undefined): Completion | undefined =>
    part && {
      policy: example(score(part).logProbability),
      reference: example(part.reference ?? zeros(part)),
      length: example(sum(part.mask, 'seq')),
    }
  const { chosen, rejected, outcome, unrelated, label } = batch
  const value = outcome && needs.value ? score(outcome).value : undefined
  if (needs.value && value === undefined)
    throw new ConfigError({
      expected: `a model with a value head, which ${name} needs`,
      found: 'one without',
      advice: 'Train valuing(model), from { policy, head }.',
    })
  return {
    chosen: completion(chosen),
    rejected: completion(rejected),
    outcome: completion(outcome),
    unrelated: completion(unrelated),
    label: label && example(label),
    ...(value && { value: example(value) }),
  } as Evidence // `feed` puts into a batch what `loss.needs` names
}
