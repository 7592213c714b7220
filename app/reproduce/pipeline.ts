/**
 * One cell of an experiment, from nothing to figures, by the same model, training loop and generator that everybody uses:
 *
 *     web text → pre-training → (SFT on preferred answers) → a loss on what people said → answers to unseen tasks → the oracle
 */
import { type Backend, compile, dispose, evaluate, read } from '../../core/index.ts'
import { type AnyLoss, getOrThrow, sft } from '../../halos/index.ts'
import {
  adamW,
  begin,
  cosine,
  type DataLoaderOptions,
  type Example,
  type Generated,
  generator,
  initialize,
  linear,
  type Parameters,
  type Schedule,
  type TrainingExample,
  type Transformer,
  train,
  transformer,
} from '../../models/index.ts'
import { pad, sequencesOf } from '../../models/internal.ts'
import { findLoss } from '../inputs/losses.ts'
import { breathe } from '../terminal/terminal.ts'
import { type Data, demonstrations, examplesOf, preferences, type SimulatedFeedback } from './data.ts'
import { alignOnline } from './online.ts'
import { configOf, context, deviation, type ExperimentSize, type Recipe } from './recipe.ts'
import {
  dice,
  drawPreference,
  end,
  good,
  longestAnswer,
  type Preference,
  reward,
  talkativeReward,
  type WorldTokens,
  webText,
} from './world.ts'

/** A model that has read the web, in which an answer is followed by the token that ends it with probability `ends`. */
export interface Base {
  readonly size: ExperimentSize
  readonly seed: number
  readonly ends: number
}
/** What alignment starts from: the base itself, or the base after SFT on the preferred answers. */
export interface Start extends Base {
  readonly data: Data
  readonly sft: boolean
}
export interface Method {
  /** A key of the catalogue. */
  readonly loss: string
  readonly settings?: Readonly<Record<string, number>>
  readonly rate: number
  /** Default 1. */
  readonly epochs?: number
  /** What it learns from, where that is not what SFT has learned from. */
  readonly data?: Data
  readonly feedback?: SimulatedFeedback
  /** Learns from verdicts on the model's own answers, in so many rounds, instead of preferences: 1 is offline. */
  readonly rounds?: number
  /** Of such a method: steps after which the reference model becomes the policy. */
  readonly sync?: number
}
/** What is done and measured, in full: the same cell gives the same figures. Without a method, the start itself is measured. */
export interface PipelineCell extends Start {
  readonly method?: Method
}

export interface PipelineMeasurement {
  /** How often the oracle prefers the model's answer to the one that people preferred; a tie is half a win. */
  readonly win: number
  /** Mean reward: the oracle's, and that of somebody who likes more words. */
  readonly reward: number
  readonly talkative: number
  /** Tokens an answer. */
  readonly length: number
  /** Fractions of answers: ended by the model itself, empty, and exactly right. */
  readonly ended: number
  readonly empty: number
  readonly exact: number
  /** Mean log π(y|x) − log π_start(y|x) of the model's own answers: KL from the start, in nats an answer. */
  readonly kl: number
  /** Steps at which KTO's reference point was above 0, as a fraction; and its mean. Absent for losses without one. */
  readonly z0?: { readonly positive: number; readonly mean: number }
}

export interface Pipeline {
  readonly pretrain: (base: Base) => Promise<Parameters>
  readonly tune: (start: Start, base: Parameters) => Promise<Parameters>
  readonly measure: (cell: PipelineCell, start: Parameters) => Promise<PipelineMeasurement>
}

/** Unseen tasks: the same for every cell, and different from all training data. */
const unseen = 888

export const pipeline = (backend: Backend, recipe: Recipe, signal: AbortSignal): Pipeline => {
  const imitate = getOrThrow(sft())
  const judges = new Map<ExperimentSize, ReturnType<typeof judge>>()
  const judgeOf = (size: ExperimentSize) =>
    judges.get(size) ?? judges.set(size, judge(backend, transformer(configOf(recipe, size)), recipe)).get(size)!
  const learn = (size: ExperimentSize, loss: AnyLoss, from: Parameters, examples: readonly TrainingExample[], course: PipelineStages) =>
    run(backend, transformer(configOf(recipe, size)), loss, from, examples, course, signal)

  return {
    pretrain: async ({ size, seed, ends }) => {
      const { batch, weightDecay, ...schedule } = recipe.pretraining
      const { steps } = recipe.sizes[size]
      const windows = webText(steps * batch, context, ends, seed).map((completion) => ({ outcome: { prompt: [], completion } }))
      const fresh = initialize(configOf(recipe, size), seed, deviation(recipe, size))
      const rate = cosine({ ...schedule, steps, floor: 0.05 })
      return (await learn(size, imitate, fresh, windows, { steps, batch, seed, rate, weightDecay, bucket: context })).parameters
    },
    tune: async ({ size, seed, data }, base) => {
      const { batch, rate } = recipe.sft
      const examples = demonstrations(preferences(data, seed))
      return (await learn(size, imitate, base, examples, course(examples, { batch, rate, seed }))).parameters
    },
    measure: async ({ size, seed, data, method }, start) => {
      const measured = judgeOf(size)
      if (method === undefined) return measured(start, start, seed, false)
      const { loss: name, settings = {}, rate, epochs = 1, feedback = {} } = method
      const loss = await findLoss(name, settings)
      if (method.rounds !== undefined) {
        const { rounds, sync } = method
        const online = { rounds, verdicts: recipe.pairs, batch: recipe.batch, rate, seed, ...(sync !== undefined && { sync }) }
        const aligned = await alignOnline(backend, transformer(configOf(recipe, size)), loss, start, online, signal)
        const found = await measured(aligned, start, seed, false)
        dispose(backend, aligned)
        return found
      }
      const source = method.data ?? data
      const examples = examplesOf(loss.needs, preferences(source, seed), feedback, seed)
      const batch = loss.needs.pair ? recipe.batch / 2 : recipe.batch
      const options = { batch, rate, seed, epochs, shuffled: !source.together }
      const { parameters, z0 } = await learn(size, loss, start, examples, course(examples, options))
      const measurement = await measured(parameters, start, seed, loss.needs.control)
      dispose(backend, parameters)
      return z0.length === 0 ? measurement : { ...measurement, z0: { positive: mean(z0.map((z) => (z > 0 ? 1 : 0))), mean: mean(z0) } }
    },
  }
}

interface PipelineStages extends DataLoaderOptions {
  readonly steps: number
  readonly rate: Schedule
  readonly weightDecay?: number
}

/** Some epochs with 10 % warm-up, then linearly to 0. */
const course = (
  examples: readonly unknown[],
  {
    rate,
    epochs = 1,
    ...options
  }: Pick<DataLoaderOptions, 'batch' | 'seed' | 'shuffled'> & { readonly rate: number; readonly epochs?: number },
): PipelineStages => {
  const steps = Math.max(1, Math.round(epochs * Math.floor(examples.length / options.batch)))
  return { ...options, steps, rate: linear({ rate, warmup: Math.round(steps / 10), steps }), bucket: 8 }
}

const run = async (
  backend: Backend,
  model: Transformer,
  loss: AnyLoss,
  parameters: Parameters,
  examples: readonly TrainingExample[],
  { rate, weightDecay = 0, ...options }: PipelineStages,
  signal: AbortSignal,
) => {
  const optimizer = adamW({ rate, beta2: 0.99, weightDecay })
  const z0: number[] = []
  const { parameters: trained, ...rest } = await train(begin(optimizer, parameters), {
    ...{ backend, model, loss, optimizer, examples, signal, ...options },
    onStep: async ({ metrics }) => {
      if (metrics.z0 !== undefined) z0.push(metrics.z0)
      await breathe()
    },
  })
  dispose(backend, rest)
  signal.throwIfAborted()
  return { parameters: trained, z0 }
}

/** Prompts that are answered together, and answers that are scored together. */
const together = 250

/** Answers to unseen tasks, at temperature 1, and what they are worth. Compiled once for all models of a size. */
const judge = (backend: Backend, model: Transformer, { judged }: Recipe) => {
  const roll = dice(unseen, 4)
  const tasks = Array.from({ length: judged }, () => drawPreference(roll))
  const generate = generator(backend, model)
  const scores = compile(backend, model.logProbabilities)
  const logProbabilities = async (parameters: Parameters, examples: readonly Example[]): Promise<readonly number[]> => {
    const found: number[] = []
    for (let from = 0; from < examples.length; from += together) {
      const scored = await scores(parameters, sequencesOf(pad(examples.slice(from, from + together), { context, bucket: context })))
      found.push(...(await read(backend, scored)))
      dispose(backend, scored)
    }
    return found
  }
  return async (policy: Parameters, start: Parameters, seed: number, control: boolean): Promise<PipelineMeasurement> => {
    const [own, before] = [await evaluate(backend, policy), await evaluate(backend, start)]
    const prompts = tasks.map(({ task: { prompt } }) => (control ? [...prompt, good] : prompt))
    const answers = await generate(own, prompts, { maxTokens: longestAnswer, temperature: 1, seed, batch: together })
    const after = (asked: readonly WorldTokens[]): readonly Example[] =>
      answers.map(({ tokens, ended }, i) => ({ prompt: asked[i]!, completion: ended === 'stop' ? [...tokens, end] : tokens }))
    const last = await logProbabilities(own, after(prompts))
    const first = await logProbabilities(before, after(tasks.map(({ task }) => task.prompt)))
    return { ...worth(tasks, answers), kl: mean(last.map((x, i) => x - first[i]!)) }
  }
}

const worth = (tasks: readonly Preference[], answers: readonly Generated[]): Omit<PipelineMeasurement, 'kl'> => {
  const each = (f: (preference: Preference, answer: Generated) => number) => mean(tasks.map((preference, i) => f(preference, answers[i]!)))
  return {
    win: each(({ task, chosen }, { tokens }) => (1 + Math.sign(reward(task, tokens) - reward(task, chosen))) / 2),
    reward: each(({ task }, { tokens }) => reward(task, tokens)),
    talkative: each(({ task }, { tokens }) => talkativeReward(task, tokens)),
    length: each((_, { tokens }) => tokens.length),
    ended: each((_, { ended }) => (ended === 'stop' ? 1 : 0)),
    empty: each((_, { tokens }) => (tokens.length === 0 ? 1 : 0)),
    exact: each(({ task }, { tokens }) => (tokens.join() === task.answer.join() ? 1 : 0)),
  }
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
