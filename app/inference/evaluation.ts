/** What a loss and its metrics are on data that was not trained on. */
import { type Backend, compile, dispose } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import { dataLoader, type Trainable, type TrainingBatch, type TrainingExample } from '../../models/index.ts'
import { addMetrics, divide, type MetricTotals, objective, scalarReader, scalarsOf } from '../../models/internal.ts'

export interface Evaluation {
  /** Under TRL's names: loss, rewards/chosen, rewards/margins, rewards/accuracies, kl, … */
  readonly metrics: Readonly<Record<string, number>>
  readonly examples: number
}

/** Measures parameters. `examples`: how many are counted. */
export interface Evaluator<P> {
  (parameters: P): Promise<Evaluation>
  readonly examples: number
}

/**
 * An evaluator that can be asked again and again: the reference model (`reference`) is run once.
 * Batches have one size, so a few examples may be left out: `examples` says how many were counted.
 */
export const evaluator = <P>(
  backend: Backend,
  model: Trainable<P>,
  loss: AnyLoss,
  reference: P,
  examples: readonly TrainingExample[],
  { batch, seed }: { readonly batch: number; readonly seed: number },
): Evaluator<P> => {
  const size = Math.floor(examples.length / Math.ceil(examples.length / batch))
  const batches = dataLoader(backend, model, loss, reference, examples, { batch: size, seed })
  const measure = compile(backend, (parameters: P, part: TrainingBatch) => objective(model, loss, parameters, part).metrics)
  const numbers = scalarReader(backend)
  const counted = size * batches.stepsPerEpoch
  const measured = async (parameters: P): Promise<Evaluation> => {
    const totals: MetricTotals = {}
    for (let i = 0; i < batches.stepsPerEpoch; i++)
      for (const { batch: part } of await batches.at(i)) {
        const found = await measure(parameters, part)
        addMetrics(totals, found, await numbers(scalarsOf(found)))
        dispose(backend, found)
      }
    return { metrics: divide(totals), examples: counted }
  }
  return Object.assign(measured, { examples: counted })
}
