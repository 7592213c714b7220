/**
 * One round: answers, verdicts, examples, a training run, a measurement. Each part is written whole before the next begins, and follows from those before
 * it alone: a killed process repeats the part that it was in, to the same bits.
 *
 *     OUT/round-001/{answers.jsonl, verdicts.jsonl (or answers.tsv), the run and its model, measured.jsonl}
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyLoss } from '../../halos/index.ts'
import { type Parameters, type Tokenizer, type TrainingExample, writeAtomically } from '../../models/index.ts'
import { parseJson, readIfThere, seedFor } from '../../models/internal.ts'
import { loadCheckpoint } from '../inputs/checkpoint.ts'
import type { SettingText } from '../inputs/settings.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import type { Judge } from '../judge/judge.ts'
import { run } from '../run/run.ts'
import { Interrupted, UsageError } from '../terminal/errors.ts'
import { average } from '../terminal/statistics.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type AnswerGroup, type AnswerWriter, exampleOfAnswer, type RoundPrompt } from './answers.ts'
import { examplesOf, type Labelling } from './labels.ts'
import type { RoundRow } from './log.ts'
import { type MeasuredModels, measureRound } from './measure.ts'
import { readSheet, sheetOf } from './sheet.ts'
import { judgeAnswers, type RoundVerdicts } from './verdicts.ts'

/** People have to fill in a sheet before the round can go on. */
export class AwaitedVerdicts extends Error {
  override readonly name = 'AwaitedVerdicts'
}

/** What all rounds share. */
export interface RoundPlan {
  readonly terminal: Terminal
  readonly out: string
  readonly loss: AnyLoss
  readonly labelling: Labelling
  /** Of the training run of each round. */
  readonly training: TrainingCommandOptions
  readonly settings: readonly SettingText[]
  /** The default learning rate for all weights of a small model. */
  readonly rate: number
  readonly reference: 'first' | 'last'
  readonly seed: number
  /** Answers to a prompt, and prompts of a round. */
  readonly answers: number
  readonly prompts: number
  readonly asked: readonly RoundPrompt[]
  readonly measured: readonly RoundPrompt[]
  readonly tokenizer: Tokenizer
  readonly write: AnswerWriter
  readonly models: MeasuredModels
  /** Who gives the verdicts; none: people, in a sheet. */
  readonly judge?: Judge
  /** The parameters of a model directory, on the backend. */
  readonly load: (directory: string) => Promise<Parameters>
}

export const directoryOf = (out: string, round: number): string => join(out, `round-${`${round}`.padStart(3, '0')}`)

/** The model that a round starts from. */
const before = ({ training, out }: RoundPlan, round: number): string => (round === 1 ? training.model : directoryOf(out, round - 1))

/** What the start is like: round 0. */
export const measureFirst = async (plan: RoundPlan): Promise<RoundRow> => {
  const answers = await measuredAnswers(plan, 0, plan.models.start)
  return { round: 0, verdicts: 0, examples: 0, ...(await measureRound(plan.models, plan.models.start, answers, answers)) }
}

/** @throws AwaitedVerdicts where people have to judge first; Interrupted; and what judging and training throw */
export const makeRound = async (plan: RoundPlan, round: number): Promise<RoundRow> => {
  const groups = await roundAnswers(plan, round)
  const verdicts = await roundVerdicts(plan, round, groups)
  const examples = examplesIn(plan, groups, verdicts)
  const loss = await trainRound(plan, round, examples)
  const parameters = await plan.load(directoryOf(plan.out, round))
  const [first, now] = [await measuredAnswers(plan, 0, plan.models.start), await measuredAnswers(plan, round, parameters)]
  const labels = examples.flatMap((each) => ('outcome' in each && each.label !== undefined ? [Number(each.label) > 0 ? 1 : 0] : []))
  return {
    ...{ round, verdicts: verdicts.flat().length, examples: examples.length },
    ...(labels.length > 0 && { desirable: average(labels) }),
    ...(loss !== undefined && { loss }),
    ...(await measureRound(plan.models, parameters, first, now)),
  }
}

const roundAnswers = (plan: RoundPlan, round: number): Promise<readonly AnswerGroup[]> =>
  kept(join(directoryOf(plan.out, round), 'answers.jsonl'), async () => {
    const prompts = plan.asked.slice((round - 1) * plan.prompts, round * plan.prompts)
    const parameters = round === 1 ? plan.models.start : await plan.load(before(plan, round))
    return plan.write(parameters, prompts, { title: `round ${round}: answers`, samples: plan.answers, seed: seedFor(plan.seed, round, 1) })
  })

const measuredAnswers = (plan: RoundPlan, round: number, parameters: Parameters): Promise<readonly AnswerGroup[]> =>
  kept(join(directoryOf(plan.out, round), 'measured.jsonl'), () =>
    plan.write(parameters, plan.measured, { title: `round ${round}: measuring`, samples: 1, seed: seedFor(plan.seed, 0, 2) }),
  )

/** By the judge, or by people. @throws AwaitedVerdicts */
const roundVerdicts = async (plan: RoundPlan, round: number, groups: readonly AnswerGroup[]): Promise<RoundVerdicts> => {
  const { judge, terminal } = plan
  if (judge === undefined) return sheetVerdicts(join(directoryOf(plan.out, round), 'answers.tsv'), groups)
  const read = await kept(join(directoryOf(plan.out, round), 'verdicts.jsonl'), async () => {
    const verdicts = await judgeAnswers(terminal, judge, groups, `round ${round}: verdicts`)
    return verdicts.map((group) => group.map((score) => (score === undefined ? null : finite(score))))
  })
  return read.map((group) => group.map((score) => score ?? undefined))
}
/** JSON has no infinities: what cannot be scored is worse than anything. */
const finite = (score: number): number => (Number.isFinite(score) ? score : Math.sign(score) * Number.MAX_VALUE)

const sheetVerdicts = async (file: string, groups: readonly AnswerGroup[]): Promise<RoundVerdicts> => {
  if (!existsSync(file)) await writeAtomically(file, sheetOf(groups))
  const { missing, verdicts } = await readSheet(file, groups)
  const all = groups.flatMap(({ answers }) => answers).length
  if (missing === 0) return verdicts
  throw new AwaitedVerdicts(
    `${missing} of ${all} answers are without a verdict. Fill in the column verdict of ${file} (up or down, a number, or - for none), and run the same command again.`,
  )
}

/** @throws UsageError where nothing can be learnt */
const examplesIn = (plan: RoundPlan, groups: readonly AnswerGroup[], verdicts: RoundVerdicts): readonly TrainingExample[] => {
  const { loss, labelling, tokenizer, training } = plan
  const scored = groups.map(({ prompt, answers }, i) => ({
    answers: answers.map((answer) => exampleOfAnswer(prompt, answer, tokenizer)),
    scores: verdicts[i]!,
  }))
  const examples = examplesOf(scored, loss.needs, labelling)
  if (examples.length >= training.batch) return examples
  const judged = verdicts.flat().filter((score) => score !== undefined).length
  throw new UsageError(
    `rounds: ${judged} verdicts make ${examples.length} examples for ${loss.name}, fewer than a batch of ${training.batch}. Ask more prompts (--prompts) or for more answers (--answers), choose another --threshold, or a smaller --batch.`,
  )
}

/** The last loss of the training run of a round, which continues where it was stopped. @throws Interrupted */
const trainRound = async (plan: RoundPlan, round: number, examples: readonly TrainingExample[]): Promise<number | undefined> => {
  const { terminal, loss, rate, training } = plan
  const [model, out] = [before(plan, round), directoryOf(plan.out, round)]
  const reference = loss.needs.reference && plan.reference === 'first' && round > 1 ? { reference: training.model } : {}
  const settings = [...plan.settings, { name: 'round', value: round, paths: [] }]
  const { last, interrupted } = await run(quiet(terminal), {
    ...{ command: `round ${round}: training`, settings, loss, rate, data: { training: examples, heldOut: [], contradictions: 0 } },
    options: { ...training, ...reference, model, out, seed: seedFor(plan.seed, round, 3) >>> 1, resume: true },
  })
  if (interrupted) throw new Interrupted(`Stopped in round ${round}. What is finished is kept: the same command continues from there.`)
  return last.loss
}

/** Warnings alone: the table says the rest. */
const quiet = (terminal: Terminal): Terminal => ({
  ...{ print: terminal.print, interactive: terminal.interactive },
  say: (line = '') => {
    if (/^warning/.test(line) && !/held-out|held out/.test(line)) terminal.say(line)
  },
  get stop() {
    return terminal.stop
  },
})

/** What a file of JSON lines holds; where it is not there yet, it is made, and written whole. */
const kept = async <T>(file: string, make: () => Promise<readonly T[]>): Promise<readonly T[]> => {
  const text = await readIfThere(file)
  if (text !== undefined)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => parseJson(line) as T) // only this function writes there
  const made = await make()
  await writeAtomically(file, made.map((each) => `${JSON.stringify(each)}\n`).join(''))
  return made
}

/** The parameters of a model directory. @throws as loadCheckpoint */
export const parametersOf = async (directory: string): Promise<Parameters> => (await loadCheckpoint(directory)).parameters
