/**
 * A training step as pure functions from state and batch to state, each one compiled program. A batch that does not fit is run in parts:
 *
 *     survey each part → pooled statistic (KTO's z₀)      accumulate Σ wᵢ ∇Lᵢ over the parts      apply Σ wᵢ ∇Lᵢ / Σ wᵢ
 *
 * which is the whole batch's step, to rounding. In one part: `step`.
 */
import { add, constant, div, fill, mapTree, mul, type Tensor, vjp, zipTree } from '../core/index.ts'
import type { Statistic, TrainingLoss } from './loss.ts'
import type { Metrics } from './metrics.ts'
import { objective, survey, type TrainingBatch } from './objective.ts'
import type { Optimizer, TrainingState, UpdateMetrics } from './optimizer.ts'
import type { Parameters } from './parameters.ts'
import type { Transformer } from './transformer.ts'

/** Everything that a run changes: what must be saved to go on from it. */
export interface State extends TrainingState<Parameters> {
  /** The statistics of all batches so far, for losses that pool them (BCO). */
  readonly history: Statistic
}
/** A run that has not begun. */
export const begin = (optimizer: Optimizer, parameters: Parameters): State => ({
  ...optimizer.begin(parameters),
  history: { sum: fill({}, 0), count: fill({}, 0) },
})

/** Σ wᵢ ∇Lᵢ and Σ wᵢ over the parts so far. */
export interface GradientSum {
  readonly gradient: Parameters
  readonly weight: Tensor
}
export interface PartReport {
  readonly losses: Tensor<'example'>
  readonly metrics: Metrics
}

export const trainStep = (model: Transformer, loss: TrainingLoss, optimizer: Optimizer) => {
  const differentiate = (parameters: Parameters, batch: TrainingBatch, pooled?: Statistic): readonly [GradientSum, PartReport] => {
    const [{ weight, losses, metrics }, pullback] = vjp((p: Parameters) => {
      const { loss: value, ...rest } = objective(model, loss, p, batch, pooled)
      return { weighted: mul(value, rest.weight), ...rest }
    })(parameters)
    const seed = mapTree({ weighted: weight, weight, losses, metrics }, () => constant(0))
    return [
      { gradient: pullback({ ...seed, weighted: constant(1) }), weight },
      { losses, metrics },
    ]
  }
  const descend = (state: State, { gradient, weight }: GradientSum, pooled?: Statistic): readonly [State, UpdateMetrics] => {
    const average = mapTree(gradient, (g) => div(g, weight))
    const [next, metrics] = optimizer.update(state, average)
    return [{ ...next, history: loss.needs.history && pooled !== undefined ? pooled : state.history }, metrics]
  }
  return {
    /** The whole batch at once. */
    step: (state: State, batch: TrainingBatch, pooled?: Statistic): readonly [State, PartReport & UpdateMetrics] => {
      const [sum, report] = differentiate(state.parameters, batch, pooled)
      const [next, update] = descend(state, sum, pooled)
      return [next, { ...report, ...update }]
    },
    survey: (parameters: Parameters, batch: TrainingBatch) => survey(model, loss, parameters, batch),
    empty: (parameters: Parameters): GradientSum => ({ gradient: mapTree(parameters, (x) => fill(x.shape, 0)), weight: fill({}, 0) }),
    accumulate: (
      sum: GradientSum,
      parameters: Parameters,
      batch: TrainingBatch,
      pooled?: Statistic,
    ): readonly [GradientSum, PartReport] => {
      const [part, report] = differentiate(parameters, batch, pooled)
      return [zipTree(sum, [part], (a, b) => add(a!, b!)), report]
    },
    /** The sum is spent: it comes back empty. */
    apply: ([state, sum]: readonly [State, GradientSum], pooled?: Statistic): readonly [readonly [State, GradientSum], UpdateMetrics] => {
      const [next, update] = descend(state, sum, pooled)
      return [[next, mapTree(sum, (x) => fill(x.shape, 0))], update]
    },
    /** The gradient of a batch, to find out where it is not finite. */
    gradient: (parameters: Parameters, batch: TrainingBatch, pooled?: Statistic): Parameters =>
      differentiate(parameters, batch, pooled)[0].gradient,
  }
}
