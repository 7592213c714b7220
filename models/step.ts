/**
 * A training step as pure functions from state and batch to state, each one compiled program. A batch that does not fit is run in parts:
 *
 *     survey each part → pooled statistic (KTO's z₀)      accumulate Σ wᵢ ∇Lᵢ over the parts      apply Σ wᵢ ∇Lᵢ / Σ wᵢ
 *
 * which is the whole batch's step, to rounding. In one part: `step`.
 */
import { add, constant, div, fill, mapTree, mul, type Tensor, type Tree, vjp, zipTree } from '../core/index.ts'
import type { Statistic, TrainingLoss } from './loss.ts'
import type { Metrics } from './metrics.ts'
import { objective, survey, type TrainingBatch } from './objective.ts'
import type { Optimizer, TrainingState, UpdateMetrics } from './optimizer.ts'
import type { Parameters } from './parameters.ts'
import type { Trainable } from './trainable.ts'

/** Everything that a run changes: what must be saved to go on from it. */
export interface State<P = Parameters> extends TrainingState<P> {
  /** The statistics of all batches so far, for losses that pool them (BCO). */
  readonly history: Statistic
}
/** A run that has not begun. */
export const begin = <P>(optimizer: Optimizer, parameters: P): State<P> => ({
  ...optimizer.begin(parameters),
  history: { sum: fill({}, 0), count: fill({}, 0) },
})

/** Σ wᵢ ∇Lᵢ and Σ wᵢ over the parts so far. */
export interface GradientSum<P> {
  readonly gradient: P
  readonly weight: Tensor
}
export interface PartReport {
  readonly losses: Tensor<'example'>
  readonly metrics: Metrics
}

export const trainStep = <P extends Tree<P>>(model: Trainable<P>, loss: TrainingLoss, optimizer: Optimizer) => {
  const differentiate = (parameters: P, batch: TrainingBatch, pooled?: Statistic): readonly [GradientSum<P>, PartReport] => {
    const [{ weight, losses, metrics }, pullback] = vjp((p: P) => {
      const { loss: value, ...rest } = objective(model, loss, p, batch, pooled)
      return { weighted: mul(value, rest.weight), ...rest }
    })(parameters)
    const seed = mapTree({ weighted: weight, weight, losses, metrics }, () => constant(0))
    return [
      { gradient: pullback({ ...seed, weighted: constant(1) }), weight },
      { losses, metrics },
    ]
  }
  const descend = (state: State<P>, { gradient, weight }: GradientSum<P>, pooled?: Statistic): readonly [State<P>, UpdateMetrics] => {
    const average = mapTree(gradient, (g) => div(g, weight))
    const [next, metrics] = optimizer.update(state, average)
    return [{ ...next, history: loss.needs.history && pooled !== undefined ? pooled : state.history }, metrics]
  }
  return {
    /** The whole batch at once. */
    step: (state: State<P>, batch: TrainingBatch, pooled?: Statistic): readonly [State<P>, PartReport & UpdateMetrics] => {
      const [sum, report] = differentiate(state.parameters, batch, pooled)
      const [next, update] = descend(state, sum, pooled)
      return [next, { ...report, ...update }]
    },
    survey: (parameters: P, batch: TrainingBatch) => survey(model, loss, parameters, batch),
    empty: (parameters: P): GradientSum<P> => ({ gradient: mapTree(parameters, (x) => fill(x.shape, 0)), weight: fill({}, 0) }),
    accumulate: (sum: GradientSum<P>, parameters: P, batch: TrainingBatch, pooled?: Statistic): readonly [GradientSum<P>, PartReport] => {
      const [part, report] = differentiate(parameters, batch, pooled)
      return [zipTree(sum, [part], (a, b) => add(a!, b!)), report]
    },
    /** The sum is spent: it comes back empty. */
    apply: (
      [state, sum]: readonly [State<P>, GradientSum<P>],
      pooled?: Statistic,
    ): readonly [readonly [State<P>, GradientSum<P>], UpdateMetrics] => {
      const [next, update] = descend(state, sum, pooled)
      return [[next, mapTree(sum, (x) => fill(x.shape, 0))], update]
    },
    /** The gradient of a batch, to find out where it is not finite. */
    gradient: (parameters: P, batch: TrainingBatch, pooled?: Statistic): P => differentiate(parameters, batch, pooled)[0].gradient,
  }
}
