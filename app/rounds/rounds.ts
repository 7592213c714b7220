/**
 * Online alignment: the model answers, a judge or people say how well, a loss learns from it, and the next model answers.
 *
 *     π₀ → (answers → verdicts → labels → training → measurement) × rounds → the best of π₁ … π_R
 */
import { join } from 'node:path'
import type { Backend } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import { chatOf, readBytes, shuffle, writeDirectoryAtomically } from '../../models/index.ts'
import { exists, onDevice, parseJson, readIfThere } from '../../models/internal.ts'
import { type OpenedBackend, openBackend } from '../inputs/backends.ts'
import { type Checkpoint, jsonNote, loadCheckpoint } from '../inputs/checkpoint.ts'
import { holdOut, readLocated } from '../inputs/examples.ts'
import { exclusively } from '../inputs/lock.ts'
import { reading } from '../inputs/options.ts'
import type { SettingText } from '../inputs/settings.ts'
import { heldOut, type TrainingCommandOptions } from '../inputs/training-options.ts'
import type { Judge } from '../judge/judge.ts'
import { findJudge } from '../judge/kinds.ts'
import { questionsOf } from '../judge/questions.ts'
import { checkSame, identityIn, identityOf } from '../run/identity.ts'
import { numericsOf } from '../run/numerics.ts'
import { UsageError } from '../terminal/errors.ts'
import { withoutRepetition } from '../terminal/repeated.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { answerWriter, type RoundPrompt } from './answers.ts'
import type { AdvantageKind, Labelling } from './labels.ts'
import { bestRound, type RoundRow, readRounds, reasonToEnd, tableHead, tableLine, writeRounds } from './log.ts'
import { answerScorer } from './measure.ts'
import { AwaitedVerdicts, directoryOf, makeRound, measureFirst, parametersOf, type RoundPlan } from './round.ts'

export interface RoundsOptions extends TrainingCommandOptions {
  readonly halo: string
  readonly rounds: number
  /** Prompts of a round, and answers to each. */
  readonly prompts: number
  readonly answers: number
  /** As in `--judge`; `tsv`: people. */
  readonly judge: string
  readonly judgeTimeout: number
  /** Who measures, where people give the verdicts. */
  readonly measureJudge?: string
  readonly measure: number
  readonly label: 'threshold' | 'best-worst'
  readonly threshold?: number
  readonly advantage?: AdvantageKind
  readonly reference: 'first' | 'last'
  readonly budget?: number
  readonly maxTokens: number
  readonly temperature: number
  readonly topK?: number
  readonly topP?: number
}

export interface RoundsTask {
  readonly loss: AnyLoss
  readonly labelling: Labelling
  readonly settings: readonly SettingText[]
  readonly options: RoundsOptions
  readonly rate: number
}

export interface RoundsResult {
  readonly loss: string
  readonly rows: readonly RoundRow[]
  /** The round whose model is in `out`; none where people have to judge first. */
  readonly best?: number
  /** Why it ended before the last round. */
  readonly stopped?: string
  /** What people have to do first. */
  readonly awaited?: string
  readonly out: string
}

/** @throws BusyError, Interrupted, UsageError, JudgeError, and what is wrong with data and models */
export const rounds = (terminal: Terminal, task: RoundsTask): Promise<RoundsResult> =>
  exclusively(task.options.out, async () => {
    const { say, end } = withoutRepetition(terminal.say)
    const quiet: Terminal = {
      ...{ say, print: terminal.print, interactive: terminal.interactive },
      get stop() {
        return terminal.stop
      },
    }
    const opened = await openBackend(task.options, say)
    try {
      return await continued(quiet, task, opened)
    } finally {
      end()
      await opened.backend.close?.()
    }
  })

/** From the rounds that are there to the last one. */
const continued = async (terminal: Terminal, task: RoundsTask, opened: OpenedBackend): Promise<RoundsResult> => {
  const { loss, options } = task
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const prompts = await promptsIn(terminal, options, checkpoint)
  await checkIdentity(terminal, task, opened, prompts)
  const plan = await planOf(terminal, task, opened.backend, checkpoint, prompts)
  const rows = [...(await readRounds(options.out))]
  terminal.say(
    `${loss.name}: ${options.rounds} rounds of ${options.prompts} prompts with ${options.answers} answers each; ${prompts.measured.length} prompts to measure on`,
  )
  for (const line of [tableHead, ...rows.map(tableLine)]) terminal.say(line)
  const add = async (row: RoundRow): Promise<void> => {
    rows.push(row)
    await writeRounds(options.out, rows)
    terminal.say(tableLine(row))
  }
  if (rows.length === 0) await add(await measureFirst(plan))
  const next = options.prompts * options.answers
  const limits = { next, ...(options.budget && { budget: options.budget }), ...(options.maxKl && { maxKl: options.maxKl }) }
  let stopped: string | undefined
  try {
    while (rows.length <= options.rounds && stopped === undefined) {
      stopped = reasonToEnd(rows, limits)
      if (stopped === undefined) await add(await makeRound(plan, rows.length))
    }
  } catch (error) {
    if (!(error instanceof AwaitedVerdicts)) throw error
    terminal.say(error.message)
    return { loss: loss.name, rows, awaited: error.message, out: options.out }
  }
  return finish(terminal, task, rows, stopped)
}

/** Copies the best model into OUT. */
const finish = async (
  terminal: Terminal,
  { loss, options }: RoundsTask,
  rows: readonly RoundRow[],
  stopped?: string,
): Promise<RoundsResult> => {
  const best = bestRound(rows)
  const result: RoundsResult = {
    ...{ loss: loss.name, rows, out: options.out },
    ...(best && { best: best.round }),
    ...(stopped && { stopped }),
  }
  for (const line of ['', tableHead, ...rows.map(tableLine)]) terminal.say(line)
  if (stopped !== undefined) terminal.say(`Stopped, as ${stopped}.`)
  if (best === undefined) return result
  const directory = directoryOf(options.out, best.round)
  const files = await Promise.all(
    modelNames.map(async (name) => {
      const path = join(directory, name)
      return [name, (await exists(path)) ? await readBytes(path) : undefined] as const
    }),
  )
  await writeDirectoryAtomically(options.out, { ...Object.fromEntries(files), 'rounds-result.json': jsonNote(result) })
  terminal.say(`Saved to ${options.out}: the model of round ${best.round}. \`halograd plot run ${options.out}\` draws the rounds.`)
  if ((best.win_low ?? 1) <= 0.5)
    terminal.say('Its win rate is not above chance (½ lies within its interval): it is not shown to be better than its start.')
  return result
}

/** The files of a model, or of adapters. */
const modelNames = [
  ...['config.json', 'generation_config.json', 'model.safetensors', 'adapter_config.json', 'adapter_model.safetensors'],
  ...['tokenizer.json', 'tokenizer_config.json', 'control.json'],
] as const

interface RoundPrompts {
  /** To train on, in the order in which rounds take them. */
  readonly asked: readonly RoundPrompt[]
  readonly measured: readonly RoundPrompt[]
}

/** @throws UsageError where there are too few; FileError, DataError */
const promptsIn = async (terminal: Terminal, options: RoundsOptions, { model, tokenizer, control }: Checkpoint): Promise<RoundPrompts> => {
  const { data: file, eval: spare, seed, maxTokens, measure } = options
  const how = { ...chatOf(tokenizer), ...reading(options) }
  const rows = await readLocated(file, how, terminal.say)
  const apart = heldOut(spare)
  const split =
    'file' in apart ? { training: rows, heldOut: await readLocated(apart.file, how, terminal.say) } : holdOut(rows, apart.fraction, seed)
  const room = model.config.context - maxTokens
  if (room < 1)
    throw new UsageError(`--max-tokens ${maxTokens}: the model's context of ${model.config.context} has no room for a prompt beside`)
  const encoded = (those: typeof rows, from: string): readonly RoundPrompt[] =>
    questionsOf(those, from, { answered: false, seed })
      .map(({ prompt: text }) => ({ text, tokens: tokenizer.encode(text + (control?.desirable ?? ''), { bos: true }).slice(-room) }))
      .filter(({ tokens }) => tokens.length > 0)
  if (split.heldOut.length === 0) throw new UsageError('--eval: rounds need prompts to measure on: give a file, or a larger fraction')
  const [asked, measured] = [shuffle(encoded(split.training, file), seed), encoded(split.heldOut, 'file' in apart ? apart.file : file)]
  const needed = options.rounds * options.prompts
  if (asked.length < needed)
    throw new UsageError(
      `rounds: ${options.rounds} rounds of ${options.prompts} different prompts need ${needed}, found ${asked.length}. Use --prompts ${Math.floor(asked.length / options.rounds)}, or fewer rounds.`,
    )
  return { asked, measured: shuffle(measured, seed).slice(0, measure) }
}

/** Options that may be others when rounds continue: no round depends on them. */
const free: readonly string[] = ['rounds', 'budget', 'max-kl']

/** @throws UsageError where OUT holds the rounds of other options or data */
const checkIdentity = async (terminal: Terminal, { settings, options }: RoundsTask, opened: OpenedBackend, prompts: RoundPrompts) => {
  const examples = (those: readonly RoundPrompt[]) => those.map(({ tokens }) => ({ outcome: { prompt: tokens, completion: [] } }))
  const data = { training: examples(prompts.asked), heldOut: examples(prompts.measured), contradictions: 0 }
  const kept = settings.filter(({ name }) => !free.includes(name))
  const now = await identityOf(kept, numericsOf(opened), data)
  const file = join(options.out, 'rounds.json')
  const before = await readIfThere(file)
  if (before !== undefined)
    for (const line of checkSame(options.out, identityIn(parseJson(before)), now, options.insist === true)) terminal.say(line)
  else await writeDirectoryAtomically(options.out, { 'rounds.json': jsonNote(now) })
}

const planOf = async (
  terminal: Terminal,
  { loss, labelling, settings, options, rate }: RoundsTask,
  backend: Backend,
  { model, tokenizer, parameters }: Checkpoint,
  prompts: RoundPrompts,
): Promise<RoundPlan> => {
  const { maxTokens, temperature, topK, topP, seed, out } = options
  const court = { backend, timeout: options.judgeTimeout, signal: terminal.stop }
  const judge = options.judge === 'tsv' ? undefined : await findJudge(options.judge, court)
  const measuring = options.measureJudge === undefined ? judge : await findJudge(options.measureJudge, court)
  const { judge: _, reference, budget: __, maxKl: ___, ...training } = options
  return {
    ...{ terminal, out, loss, settings, rate, reference, seed, tokenizer, ...prompts, prompts: options.prompts, answers: options.answers },
    labelling: withThreshold(labelling, judge),
    training: { ...training, eval: '0' },
    write: answerWriter(terminal, backend, model, tokenizer, {
      ...{ maxTokens, temperature, batch: together },
      ...(topK !== undefined && { topK }),
      ...(topP !== undefined && { topP }),
    }),
    models: {
      ...{ terminal, score: answerScorer(backend, model, tokenizer, together), start: await onDevice(backend, parameters) },
      ...(measuring && { judge: measuring }),
    },
    ...(judge && { judge }),
    load: async (directory) => onDevice(backend, await parametersOf(directory)),
  }
}

/** Answers made, or scored, together. */
const together = 64

/** Thumbs and comparisons are between 0 and 1: without another threshold, theirs is ½. */
const withThreshold = (labelling: Labelling, judge: Judge | undefined): Labelling =>
  labelling.tag === 'threshold' && labelling.threshold === undefined && (judge === undefined || !('score' in judge))
    ? { tag: 'threshold', threshold: 0.5 }
    : labelling
