/**
 * A training step as pure functions from state and batch to state, each one compiled program. A batch that does not fit is run in parts:
 *
 *     survey each part → Σ shares, pooled statistic (KTO's z₀)      accumulate Σ ∇Lᵢ over the parts      apply Σ ∇Lᵢ
 *
 * which is the whole batch's step, to rounding. In one part: `step`.
 */
import { add, fill, mapTree, type Tree, vjp, zipTree } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import type { AnyLoss, Statistic } from '../../halos/index.ts'
import type { Parameters } from '../nets/layout.ts'
import type { Trainable } from '../nets/trainable.ts'
import { batchStatistics, type Objective, objective, type TrainingBatch, type Whole } from './objective.ts'
import type { Optimizer, TrainingState, UpdateMetrics } from './optimizer.ts'

/** Everything that a run changes: what must be saved to go on from it. */
export interface StepState<P = Parameters> extends TrainingState<P> {
  /** The statistics of all batches so far, for losses that pool them (BCO). */
  readonly history: Statistic
  /** π_ref, where it follows the policy. */
  readonly reference?: P
}
/**
 * The state of a run that has not begun: no updates, no statistics.
 * @example
 * ```ts
 * import { adamW, begin, constantRate, initialize, parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const state = begin(adamW({ rate: constantRate(1e-3) }), initialize(config, 1))
 * ```
 */
export const begin = <P>(optimizer: Optimizer, parameters: P): StepState<P> => ({
  ...optimizer.begin(parameters),
  history: { sum: fill({}, 0), count: fill({}, 0) },
})

export type PartReport = Omit<Objective, 'loss'>

/**
 * A training step as pure functions, to be compiled: `step` for a whole batch; `survey`, `accumulate` and `apply` for a batch in parts; `gradient` alone.
 * @param recompute gradient checkpointing: layers are computed again in the backward pass rather than kept in memory. The step is the same. Default
 * false
 * @throws ConfigError (while a step is traced) for a loss that needs a value head, and a model without
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { compileStep } from 'halograd/core'
 * import { getOrThrow, kto } from 'halograd/halos'
 * import { adamW, constantRate, parseConfig, trainStep, transformer } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const { step } = trainStep(transformer(config), getOrThrow(kto()), adamW({ rate: constantRate(1e-3) }))
 * const compiled = compileStep(reference(), step)
 * ```
 */
export const trainStep = <P extends Tree<P>>(model: Trainable<P>, loss: AnyLoss, optimizer: Optimizer, recompute = false) => {
  const differentiate = (parameters: P, batch: TrainingBatch, whole?: Whole): readonly [gradient: P, PartReport] => {
    const [found, pullback] = vjp((p: P) => objective(model, loss, p, batch, whole), { recompute })(parameters)
    const { loss: _, ...report } = found
    return [pullback({ ...mapTree(found, () => constant(0)), loss: constant(1) }), report]
  }
  const descend = (state: StepState<P>, gradient: P, whole?: Whole): readonly [StepState<P>, UpdateMetrics] => {
    const [next, metrics] = optimizer.update(state, gradient)
    return [{ ...next, history: (loss.needs.history ? whole?.statistic : undefined) ?? state.history }, metrics]
  }
  return {
    /** The whole batch at once. */
    step: (state: StepState<P>, batch: TrainingBatch, whole?: Whole): readonly [StepState<P>, PartReport & UpdateMetrics] => {
      const [gradient, report] = differentiate(state.parameters, batch, whole)
      const [next, update] = descend(state, gradient, whole)
      return [next, { ...report, ...update }]
    },
    survey: (parameters: P, batch: TrainingBatch) => batchStatistics(model, loss, parameters, batch),
    empty: (parameters: P): P => mapTree(parameters, (x) => fill(x.shape, 0)),
    accumulate: (sum: P, parameters: P, batch: TrainingBatch, whole?: Whole): readonly [P, PartReport] => {
      const [part, report] = differentiate(parameters, batch, whole)
      return [zipTree(sum, [part], (a, b) => add(a!, b!)), report]
    },
    /** The sum is spent: it comes back empty. */
    apply: ([state, sum]: readonly [StepState<P>, P], whole?: Whole): readonly [readonly [StepState<P>, P], UpdateMetrics] => {
      const [next, update] = descend(state, sum, whole)
      return [[next, mapTree(sum, (x) => fill(x.shape, 0))], update]
    },
    /** The gradient of a batch, to find out where it is not finite. */
    gradient: (parameters: P, batch: TrainingBatch, whole?: Whole): P => differentiate(parameters, batch, whole)[0],
  }
}
