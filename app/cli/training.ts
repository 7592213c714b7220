/** A training run: data and a model in, progress and metrics on the way, a model directory out, whole or not at all. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { evaluate } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import type { TrainingExample } from '../../models/index.ts'
import { adamW, begin, chatOf, linear, type Row, type RowOptions, readRows, type StepReport, train } from '../../models/index.ts'
import { openBackend } from '../backends.ts'
import { jsonNote, linesNote, loadCheckpoint, saveCheckpoint } from '../checkpoint.ts'
import { UsageError } from '../errors.ts'
import { type Evaluation, evaluator } from '../evaluation.ts'
import { examplesFor, holdOut } from '../examples.ts'
import { heldOut, type TrainingOptions } from './options.ts'
import { count, progress } from './progress.ts'
import { breathe, type Terminal } from './terminal.ts'

export interface TrainingResult {
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

/** Trains, saves, and tells how it went. `inspect` sees the examples before anything is computed. */
export const runTraining = async (
  terminal: Terminal,
  command: string,
  loss: AnyLoss,
  options: TrainingOptions,
  inspect: (examples: readonly TrainingExample[]) => void = () => undefined,
): Promise<TrainingResult> => {
  const { batch, accumulate, seed } = options
  await checkOptions(loss, options)
  const { model, parameters, tokenizer } = await loadCheckpoint(options.model)
  const data = await readData(options, chatOf(tokenizer))
  const longest = Math.min(options.maxLength ?? model.config.context, model.config.context)
  const examples = examplesFor(loss.needs, data.training, options.data, tokenizer, longest)
  const spared = examplesFor(loss.needs, data.heldOut, data.heldOutFile, tokenizer, longest)
  inspect(examples)

  const { backend, mode } = await openBackend(options, terminal.say)
  try {
    const steps = options.steps ?? Math.max(1, Math.round(options.epochs * Math.floor(examples.length / batch)))
    const optimizer = adamW({ rate: linear({ rate: options.lr, warmup: Math.round(steps / 10), steps }) })
    const start = begin(optimizer, parameters)
    terminal.say(`${loss.name}: ${examples.length} examples, ${steps} steps of ${batch}; ${spared.length} examples held out`)

    const judge = spared.length < 2 ? undefined : evaluator(backend, model, loss, parameters, spared, { batch, seed })
    const before = await judge?.(await evaluate(backend, parameters))
    const reports: StepReport[] = []
    const bar = progress(terminal, command, steps)
    const state = await train(start, {
      ...{ backend, model, loss, optimizer, examples, steps, batch, accumulate, seed, signal: terminal.stop },
      onStep: async (report) => {
        reports.push(report)
        if (report.step === 1) sayStart(terminal, loss, report.metrics)
        bar.at(report.step, `loss ${report.metrics.loss?.toFixed(4)} · ${count(report.tokens / report.seconds)} tokens/s`)
        await breathe()
      },
    }).finally(bar.end)
    const after = await judge?.(state.parameters)

    const seconds = reports.reduce((sum, report) => sum + report.seconds, 0)
    const result: TrainingResult = {
      loss: loss.name,
      backend: backend.name,
      mode,
      out: options.out,
      steps: reports.length,
      interrupted: terminal.stop.aborted,
      examples: { training: examples.length, heldOut: spared.length },
      firstLosses: reports.slice(0, 5).flatMap(({ metrics }) => metrics.loss ?? []),
      ...(before === undefined || after === undefined ? {} : { heldOut: { before, after } }),
      last: reports.at(-1)?.metrics ?? {},
      seconds,
      tokensPerSecond: reports.reduce((sum, { tokens }) => sum + tokens, 0) / seconds,
    }
    await saveCheckpoint(
      options.out,
      backend,
      { config: model.config, parameters: state.parameters, tokenizer },
      {
        'training.json': jsonNote({ command, options, result }),
        'metrics.jsonl': linesNote(reports.map(({ step, epoch, tokens, metrics }) => ({ step, epoch, tokens, ...metrics }))),
      },
    )
    sayResult(terminal, result)
    return result
  } finally {
    await backend.close?.()
  }
}

const checkOptions = async (loss: AnyLoss, { batch, accumulate, model, out }: TrainingOptions): Promise<void> => {
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

/** What to train on, and what to hold out; conversations as the model's chat template writes them, if it has one. */
const readData = async ({ data, eval: chosen, seed }: TrainingOptions, chat: RowOptions = {}) => {
  const rows = await readRows(data, chat)
  const spare = heldOut(chosen)
  if ('file' in spare) return { training: rows, heldOut: await readRows(spare.file, chat), heldOutFile: spare.file }
  const { training, heldOut: spared }: { readonly training: readonly Row[]; readonly heldOut: readonly Row[] } = holdOut(
    rows,
    spare.fraction,
    seed,
  )
  return { training, heldOut: spared, heldOutFile: data }
}

/** The identities that hold while the policy still is the reference model; the loop has checked them. */
const sayStart = (terminal: Terminal, { name, needs }: AnyLoss, { loss, 'rewards/margins': margin }: StepReport['metrics']): void => {
  if (!needs.reference || loss === undefined) return
  const margins = margin === undefined ? '' : `, rewards margin ${margin.toFixed(6)}`
  terminal.say(`first step, where the policy still is the reference model: ${name} loss ${loss.toFixed(6)}${margins}, as it must be`)
}

const sayResult = (terminal: Terminal, { heldOut, interrupted, steps, out, seconds }: TrainingResult): void => {
  if (heldOut !== undefined) {
    const { before, after } = heldOut
    terminal.say(`\nheld out (${after.examples} examples)      before      after`)
    for (const [name, title] of shown) {
      const [a, b] = [before.metrics[name], after.metrics[name]]
      if (a !== undefined && b !== undefined) terminal.say(`  ${title.padEnd(24)}${figure(a)} ${figure(b)}`)
    }
  }
  terminal.say(`\n${interrupted ? `Stopped after ${steps} steps` : `${steps} steps`} in ${seconds.toFixed(1)} s. Saved to ${out}`)
  terminal.say(`Try it:  halograd generate --model ${out} --prompt "…"`)
}
const figure = (x: number): string =>
  x
    .toFixed(4)
    .replace(/^-(0\.0+)$/, '$1')
    .padStart(10)
const shown = [
  ['loss', 'loss'],
  ['rewards/margins', 'rewards margin'],
  ['rewards/accuracies', 'rewards accuracy'],
  ['rewards/chosen', 'reward, desirable'],
  ['rewards/rejected', 'reward, undesirable'],
] as const
