/**
 * The programs of a run on a backend: one step, whole or in parts, and its metrics as numbers. Nothing is computed twice: where the parts
 * of a batch are surveyed first, the unrelated completions have done their work.
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
import type { AnyLoss, Statistic } from '../../halos/index.ts'
import type { Trainable } from '../nets/trainable.ts'
import type { MicroBatch } from './data-loader.ts'
import { divide, type Metrics } from './metrics.ts'
import type { TrainingBatch, Whole } from './objective.ts'
import type { Optimizer } from './optimizer.ts'
import { type PartReport, type StepState, trainStep } from './step.ts'
import { TrainingError } from './training-error.ts'

/** From a state and the parts of a batch to the next state and the step's metrics. `position` counts steps from 0. */
export type Advance<P> = (
  state: StepState<P>,
  parts: readonly MicroBatch[],
  position: number,
) => Promise<readonly [StepState<P>, Record<string, number>]>

interface RunningTotal {
  sum: number
  count: number
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
  const functions = trainStep(model, loss, optimizer, recompute)
  const step = compileStep(backend, functions.step)
  const survey = compile(backend, functions.survey)
  const accumulate = compileStep(backend, functions.accumulate)
  const apply = compileStep(backend, functions.apply)
  const gradient = compile(backend, functions.gradient)
  let sum: P | undefined

  const number = async (x: Tensor): Promise<number> => (await read(backend, x))[0]!
  /** The numbers of a tree of scalars. */
  const numbers = async (tree: unknown): Promise<readonly number[]> => {
    const values: number[] = []
    for (const x of leaves(tree)) values.push(await number(x as Tensor)) // without axes
    return values
  }
  const count = async (total: RunningTotal, statistic: Statistic): Promise<void> => {
    total.sum += await number(statistic.sum)
    total.count += await number(statistic.count)
  }
  const collect = async (totals: Record<string, RunningTotal>, metrics: Metrics): Promise<void> => {
    for (const [name, statistic] of Object.entries(metrics)) {
      totals[name] ??= { sum: 0, count: 0 }
      await count(totals[name], statistic)
    }
  }
  /** What the parts of a batch must know of it. */
  const surveyed = async (
    state: StepState<P>,
    parts: readonly MicroBatch[],
    totals: Record<string, RunningTotal>,
  ): Promise<Whole | undefined> => {
    if (parts.length === 1 && !loss.needs.history) return undefined
    // A whole begins with its statistic, to which a history is added.
    let sums = loss.needs.history ? await numbers(state.history) : []
    const found: Whole[] = []
    for (const { batch } of parts) {
      const { whole, metrics } = await survey(state.parameters, batch)
      const values = await numbers(whole)
      sums = values.map((x, i) => x + (sums[i] ?? 0))
      await collect(totals, metrics)
      dispose(backend, [whole, metrics])
      found.push(whole)
    }
    return mapTree(found[0], (_, i) => tensor({}, [sums[i]!]))
  }
  const inParts = async (state: StepState<P>, batches: readonly TrainingBatch[], whole: Whole | undefined) => {
    sum ??= await evaluate(backend, functions.empty(state.parameters))
    const reports: PartReport[] = []
    for (const batch of batches) {
      const [more, report] = await accumulate(sum, state.parameters, batch, whole)
      sum = more
      reports.push(report)
    }
    const [[next, empty], update] = await apply([state, sum], whole)
    sum = empty
    return { next, reports, update }
  }
  const inOne = async (state: StepState<P>, batch: TrainingBatch, whole: Whole | undefined) => {
    const [next, report] = await step(state, batch, whole)
    return { next, reports: [report], update: report }
  }
  /** The update was not made (see optimizer.ts), so the gradient can be asked again, tensor by tensor. */
  const diagnose = async (
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

  return async (state, parts, position) => {
    const totals: Record<string, RunningTotal> = {}
    const whole = await surveyed(state, parts, totals)
    const batches = parts.map(({ batch: { unrelated, ...rest } }) => (whole === undefined && unrelated ? { ...rest, unrelated } : rest))
    const { next, reports, update } = batches.length === 1 ? await inOne(state, batches[0]!, whole) : await inParts(state, batches, whole)
    for (const report of reports) await collect(totals, report.metrics)
    const [grad_norm, learning_rate] = [await number(update.grad_norm), await number(update.learning_rate)]
    const metrics: Record<string, number> = { ...divide(totals), grad_norm, learning_rate }
    if (!Number.isFinite(metrics.loss ?? 0) || !Number.isFinite(grad_norm)) {
      const { examples, tensors } = await diagnose(next, parts, batches, reports, whole)
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
