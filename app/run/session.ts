/**
 * What the parts of a run share while it trains: what was asked for, what is trained and how, its log, and how it is measured on held-out data.
 *
 *     task, data, backend, trainable → plan, optimizer, log, evaluator
 */
import { dispose, type Tree } from '../../core/index.ts'
import { begin } from '../../models/index.ts'
import { onDevice } from '../../models/internal.ts'
import { type Evaluation, type Evaluator, evaluator } from '../inference/evaluation.ts'
import type { OpenedBackend } from '../inputs/backends.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { RunData } from './data.ts'
import { winRateAgainst } from './judged.ts'
import { heldOutIn, type LogRow, rowOf } from './log.ts'
import { numericsOf } from './numerics.ts'
import { loadOptimizer, type Optimization, optimizationOf } from './optimization.ts'
import { leastHeldOut, planOf, type RunPlan } from './plan.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import { type SampleWriter, sampleWriter } from './samples.ts'
import type { Task } from './task.ts'
import type { RunTrainable } from './trainable.ts'

export interface RunSession<P> {
  readonly terminal: Terminal
  readonly task: Task
  readonly data: RunData
  readonly opened: OpenedBackend
  readonly trainable: RunTrainable<P>
  readonly plan: RunPlan
  readonly optimization: Optimization
  readonly log: RunLog<P>
  /** Measures parameters on held-out data, where there are enough; with --judge also how often they win. */
  readonly evaluate?: Evaluator<P>
  /** Writes samples, where they are asked for. */
  readonly sample?: SampleWriter<P>
}

/** Opens the log of a run, which may be one to resume. @throws UsageError, CheckpointError, FileError */
export const openSession = async <P extends Tree<P>>(
  terminal: Terminal,
  task: Task,
  data: RunData,
  opened: OpenedBackend,
  trainable: RunTrainable<P>,
): Promise<RunSession<P>> => {
  const { command, settings, loss, options } = task
  const { backend } = opened
  const { model, parameters } = trainable
  const { batch, seed, out, resume = false, insist = false } = options
  const plan = planOf(options, data)
  const own = await loadOptimizer(options.optimizer)
  const optimization = optimizationOf(options, parameters, plan.steps, task.rate, own)
  const withRate = settings.some(({ name }) => name === 'lr')
    ? settings
    : [...settings, { name: 'lr', value: optimization.rate, paths: [] }]
  const log = await openRunLog(backend, begin(optimization.optimizer, parameters), {
    ...{ out, command, settings: withRate, numerics: numericsOf(opened), data, resume, insist },
    ...{ keep: plan.saveEvery === 0 ? 0 : options.keep, steps: plan.steps, say: terminal.say },
  })
  const measure =
    data.heldOut.length < leastHeldOut
      ? undefined
      : evaluator(backend, model, loss, trainable.reference ?? parameters, data.heldOut, { batch, seed })
  const writer = trainable.writer
  const writes = (count: number) =>
    writer && sampleWriter(backend, writer.model, writer.tokenizer, data, { count, maxTokens: options.sampleTokens, seed })
  const write = options.judge === undefined ? undefined : writes(options.samples ?? 64)
  const wins =
    write === undefined || options.judge === undefined
      ? undefined
      : await winRateAgainst(parameters, write, { judge: options.judge, timeout: options.judgeTimeout }, { backend, signal: terminal.stop })
  const sample = options.sampleEvery === undefined ? undefined : writes(options.samples ?? 3)
  return {
    ...{ terminal, task, data, opened, trainable, plan, optimization, log },
    ...(measure && { evaluate: wins === undefined ? measure : judged(measure, wins) }),
    ...(sample && { sample }),
  }
}

/** The same with the win rate beside. */
const judged = <P>(measure: Evaluator<P>, wins: (parameters: P) => Promise<number>): Evaluator<P> =>
  Object.assign(
    async (parameters: P): Promise<Evaluation> => {
      const { metrics, examples } = await measure(parameters)
      return { metrics: { ...metrics, win_rate: await wins(parameters) }, examples }
    },
    { examples: measure.examples },
  )

/** Logs held-out metrics of before training, unless the log has them. */
export const measureStart = async <P extends Tree<P>>({ opened, trainable, log, evaluate: measure }: RunSession<P>): Promise<void> => {
  if (measure === undefined || log.rows.length > 0) return
  const resident = await onDevice(opened.backend, trainable.parameters)
  await log.append(rowOf({ step: 0, epoch: 0, tokens: 0, metrics: {} }, (await measure(resident)).metrics))
  if (resident !== trainable.parameters) dispose(opened.backend, resident)
}

/** The held-out metrics that a row has, or else those of these parameters. */
export const heldOutAfter = async <P>(
  { evaluate: measure }: RunSession<P>,
  row: LogRow,
  parameters: P,
): Promise<Evaluation | undefined> => {
  const known = heldOutIn(row)
  return measure && (known === undefined ? measure(parameters) : { metrics: known, examples: measure.examples })
}
