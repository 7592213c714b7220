/**
 * A training run: data and a model in, progress and metrics on the way, a model directory out, whole or not at all.
 *
 *     checkpoint, examples → backend → subject (what is trained) → train → save
 */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { evaluate, type Tree } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import { adamW, begin, linear, type StepReport, type TrainingExample, train, writeDirectoryAtomically } from '../../models/index.ts'
import { type Opened, openBackend } from '../backends.ts'
import { jsonNote, linesNote, loadCheckpoint } from '../checkpoint.ts'
import type { TrainingOptions } from '../cli/options.ts'
import { count, progress } from '../cli/progress.ts'
import { breathe, type Terminal } from '../cli/terminal.ts'
import { UsageError } from '../errors.ts'
import { type Evaluation, evaluator } from '../evaluation.ts'
import { type RunData, readData } from './data.ts'
import { sayResult, sayStart } from './report.ts'
import { type Subject, subjectOf } from './subject.ts'

/** What is asked for. */
export interface Task {
  /** The command, as the user types it: 'align', 'train sft'. */
  readonly command: string
  readonly loss: AnyLoss
  readonly options: TrainingOptions
  /** Sees the training examples before anything is computed. */
  readonly inspect?: (examples: readonly TrainingExample[]) => void
}

export interface RunResult {
  readonly loss: string
  readonly backend: string
  readonly mode: string
  readonly out: string
  readonly steps: number
  /** Ctrl-C ended the run before its last step. */
  readonly interrupted: boolean
  readonly examples: { readonly training: number; readonly heldOut: number }
  /** Of the first five steps. */
  readonly firstLosses: readonly number[]
  readonly heldOut?: { readonly before: Evaluation; readonly after: Evaluation }
  /** Metrics of the last step. */
  readonly last: Readonly<Record<string, number>>
  readonly seconds: number
  readonly tokensPerSecond: number
}

/** Trains, saves, and tells how it went. */
export const run = async (terminal: Terminal, task: Task): Promise<RunResult> => {
  const { loss, options } = task
  await checkOptions(task)
  const checkpoint = await loadCheckpoint(options.model)
  const data = await readData(terminal, loss.needs, checkpoint, options)
  task.inspect?.(data.training)
  const opened = await openBackend(options, terminal.say)
  try {
    return await subjectOf({ checkpoint, loss, backend: opened.backend, seed: options.seed }, (subject) =>
      course(terminal, task, data, opened, subject),
    )
  } finally {
    await opened.backend.close?.()
  }
}

/** The run itself, whatever is trained. */
const course = async <P extends Tree<P>>(
  terminal: Terminal,
  { command, loss, options }: Task,
  data: RunData,
  { backend, mode }: Opened,
  { model, parameters, files }: Subject<P>,
): Promise<RunResult> => {
  const { batch, accumulate, seed, out } = options
  const steps = options.steps ?? Math.max(1, Math.round(options.epochs * Math.floor(data.training.length / batch)))
  const optimizer = adamW({ rate: linear({ rate: options.lr, warmup: Math.round(steps / 10), steps }) })
  terminal.say(`${loss.name}: ${data.training.length} examples, ${steps} steps of ${batch}; ${data.heldOut.length} examples held out`)

  const judge = data.heldOut.length < 2 ? undefined : evaluator(backend, model, loss, parameters, data.heldOut, { batch, seed })
  const before = await judge?.(await evaluate(backend, parameters))
  const reports: StepReport[] = []
  const bar = progress(terminal, command, steps)
  const state = await train(begin(optimizer, parameters), {
    ...{ backend, model, loss, optimizer, examples: data.training, steps, batch, accumulate, seed, signal: terminal.stop },
    onStep: async (report) => {
      reports.push(report)
      if (report.step === 1) sayStart(terminal, loss, report)
      bar.at(report.step, `loss ${report.metrics.loss?.toFixed(4)} · ${count(report.tokens / report.seconds)} tokens/s`)
      await breathe()
    },
  }).finally(bar.end)
  const after = await judge?.(state.parameters)

  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0)
  const result: RunResult = {
    ...{ loss: loss.name, backend: backend.name, mode, out, steps: reports.length, interrupted: terminal.stop.aborted },
    examples: { training: data.training.length, heldOut: data.heldOut.length },
    firstLosses: reports.slice(0, 5).flatMap(({ metrics }) => metrics.loss ?? []),
    ...(before === undefined || after === undefined ? {} : { heldOut: { before, after } }),
    last: reports.at(-1)?.metrics ?? {},
    seconds,
    tokensPerSecond: reports.reduce((sum, { tokens }) => sum + tokens, 0) / seconds,
  }
  await writeDirectoryAtomically(out, {
    ...(await files(backend, state.parameters)),
    'training.json': jsonNote({ command, options, result }),
    'metrics.jsonl': linesNote(reports.map(({ step, epoch, tokens, metrics }) => ({ step, epoch, tokens, ...metrics }))),
  })
  sayResult(terminal, loss, result)
  return result
}

const checkOptions = async ({ loss, options: { batch, accumulate, model, out } }: Task): Promise<void> => {
  if (loss.needs.unrelated && batch < 2)
    throw new UsageError(
      `--batch ${batch}: ${loss.name} needs at least 2 examples a step. Its reference point z₀ is the mean reward of completions that do not belong to their prompts, and a batch of one has none`,
    )
  if (accumulate > batch) throw new UsageError(`--accumulate ${accumulate}: a batch of ${batch} has at most ${batch} parts`)
  if (resolve(out) === resolve(model))
    throw new UsageError('--out is --model: choose another directory, or the model you start from is lost')
  const there = await stat(out).catch(() => undefined)
  if (there !== undefined && !there.isDirectory())
    throw new UsageError(`--out: ${out} is a file; give a directory, or a path that does not exist yet`)
}
