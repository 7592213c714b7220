/**
 * The programs of a run on a backend: one step, whole or in parts, and its metrics as numbers, read in one download a part. Nothing is computed twice:
 * where the parts of a batch are surveyed first, unrelated completions are not run again.
 */
import {
  type Backend,
  compile,
  compileStep,
  dispose,
  evaluate,
  leaves,
  mapTree,
  paths,
  read,
  type Tensor,
  type Tree,
  tensor,
} from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import type { Trainable } from '../nets/trainable.ts'
import type { MicroBatch } from './data-loader.ts'
import { divide } from './metrics.ts'
import type { TrainingBatch, Whole } from './objective.ts'
import type { Optimizer, UpdateMetrics } from './optimizer.ts'
import { addMetrics, type MetricTotals, scalarReader, scalarsOf } from './scalars.ts'
import { type PartReport, type StepState, trainStep } from './step.ts'
import { TrainingError } from './training-error.ts'

/** From a state and the parts of a batch to the next state and the step's metrics. `position` counts steps from 0. */
export type Advance<P> = (
  state: StepState<P>,
  parts: readonly MicroBatch[],
  position: number,
) => Promise<readonly [StepState<P>, Record<string, number>]>

/** The functions of `trainStep`, compiled. */
const compiled = <P extends Tree<P>>(backend: Backend, model: Trainable<P>, loss: AnyLoss, optimizer: Optimizer, recompute: boolean) => {
  const { step, survey, empty, accumulate, apply, gradient } = trainStep(model, loss, optimizer, recompute)
  return {
    backend,
    loss,
    empty,
    step: compileStep(backend, step),
    survey: compile(backend, survey),
    accumulate: compileStep(backend, accumulate),
    apply: compileStep(backend, apply),
    gradient: compile(backend, gradient),
    numbers: scalarReader(backend),
  }
}
type CompiledStep<P extends Tree<P>> = ReturnType<typeof compiled<P>>

/** What the parts of a batch must know of it: sums over the parts, read in one download each. */
const surveyed = async <P extends Tree<P>>(
  { backend, loss, survey, numbers }: CompiledStep<P>,
  state: StepState<P>,
  parts: readonly MicroBatch[],
  totals: MetricTotals,
): Promise<Whole | undefined> => {
  if (parts.length === 1 && !loss.needs.history) return undefined
  // A whole begins with its statistic, to which a history is added.
  let sums = loss.needs.history ? await numbers(state.history) : []
  let shape: Whole | undefined
  for (const { batch } of parts) {
    const found = await survey(state.parameters, batch)
    const length = leaves(found.whole).length
    const values = await numbers([found.whole, scalarsOf(found.metrics)])
    sums = values.slice(0, length).map((x, i) => x + (sums[i] ?? 0))
    addMetrics(totals, found.metrics, values.slice(length))
    dispose(backend, found)
    shape = found.whole
  }
  return mapTree(shape, (_, i) => tensor({}, [sums[i]!]))
}

/** The update was not made (see optimizer.ts), so the gradient can be computed again, tensor by tensor. */
const diagnose = async <P extends Tree<P>>(
  { backend, gradient }: CompiledStep<P>,
  state: StepState<P>,
  parts: readonly MicroBatch[],
  batches: readonly TrainingBatch[],
  reports: readonly PartReport[],
  whole?: Whole,
) => {
  const examples: number[] = []
  const tensors = new Set<string>()
  for (const [i, { losses }] of reports.entries()) {
    const bad = [...(await read(backend, losses))].flatMap((x, row) => (Number.isFinite(x) ? [] : [parts[i]!.examples[row]!]))
    examples.push(...bad)
    const gradients = await gradient(state.parameters, batches[i]!, whole)
    for (const [k, name] of paths(gradients).entries()) {
      const values = await read(backend, leaves(gradients)[k] as Tensor)
      if (!values.every(Number.isFinite)) tensors.add(name)
    }
  }
  return { examples, tensors: [...tensors] }
}

/** What a step found: its next state, a report for each part, and what the optimizer says. */
interface StepOutcome<P> {
  readonly next: StepState<P>
  readonly reports: readonly PartReport[]
  readonly update: UpdateMetrics
}

/** A step over the parts of a batch. The sum of gradients is kept from one step to the next, empty. */
const stepper = <P extends Tree<P>>({ backend, step, accumulate, apply, empty }: CompiledStep<P>) => {
  let sum: P | undefined
  return async (state: StepState<P>, batches: readonly TrainingBatch[], whole: Whole | undefined): Promise<StepOutcome<P>> => {
    if (batches.length === 1) {
      const [next, report] = await step(state, batches[0]!, whole)
      return { next, reports: [report], update: report }
    }
    sum ??= await evaluate(backend, empty(state.parameters))
    const reports: PartReport[] = []
    for (const batch of batches) {
      const [more, report] = await accumulate(sum, state.parameters, batch, whole)
      sum = more
      reports.push(report)
    }
    const [[next, spent], update] = await apply([state, sum], whole)
    sum = spent
    return { next, reports, update }
  }
}

/** @throws TrainingError (from the result) where loss or gradient is not finite; it names examples by `nameOf` */
export const programs = <P extends Tree<P>>(
  backend: Backend,
  model: Trainable<P>,
  loss: AnyLoss,
  optimizer: Optimizer,
  nameOf: (example: number) => string,
  recompute = false,
): Advance<P> => {
  const all = compiled(backend, model, loss, optimizer, recompute)
  const advance = stepper(all)
  return async (state, parts, position) => {
    const totals: MetricTotals = {}
    const whole = await surveyed(all, state, parts, totals)
    const batches = parts.map(({ batch: { unrelated, ...rest } }) => (whole === undefined && unrelated ? { ...rest, unrelated } : rest))
    const { next, reports, update } = await advance(state, batches, whole)
    const values = await all.numbers([update.grad_norm, update.learning_rate, scalarsOf(reports[0]?.metrics ?? {})])
    const [grad_norm = Number.NaN, learning_rate = Number.NaN, ...first] = values
    for (const [i, { metrics }] of reports.entries()) addMetrics(totals, metrics, i === 0 ? first : await all.numbers(scalarsOf(metrics)))
    const metrics: Record<string, number> = { ...divide(totals), grad_norm, learning_rate }
    if (!Number.isFinite(metrics.loss ?? 0) || !Number.isFinite(grad_norm)) {
      const { examples, tensors } = await diagnose(all, next, parts, batches, reports, whole)
      throw new TrainingError(notFinite(loss.name, position + 1, examples.map(nameOf), tensors), position + 1, examples, tensors)
    }
    dispose(backend, [reports, update])
    return [next, metrics]
  }
}

const notFinite = (loss: string, step: number, examples: readonly string[], tensors: readonly string[]): string =>
  [
    `step ${step}: the ${examples.length > 0 ? 'loss' : 'gradient'} of ${loss} is not finite.`,
    ...(examples.length > 0 ? [`Examples: ${some(examples)}.`] : []),
    ...(tensors.length > 0 ? [`Gradients: ${some(tensors)}.`] : []),
    'The state before this step is kept. Lower the learning rate, or look at these examples.',
  ].join(' ')
const some = (values: readonly string[]): string =>
  values.slice(0, 8).join(', ') + (values.length > 8 ? `, … (${values.length} in all)` : '')
