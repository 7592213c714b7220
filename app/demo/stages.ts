/** The steps that the demo is made of: train, continue, compare. Each shows how far it is, and stops when asked to. */
import { type Backend, compile, evaluate, read } from '../../core/index.ts'
import {
  adamW,
  begin,
  type Example,
  type FeedOptions,
  generator,
  type Parameters,
  pad,
  type Schedule,
  sequencesOf,
  type TrainingExample,
  type TrainingLoss,
  type Transformer,
  train,
} from '../../models/index.ts'
import { count, progress } from '../cli/progress.ts'
import { breathe, type Terminal } from '../cli/terminal.ts'
import { Interrupted } from '../errors.ts'

/** Where the demo runs, and who watches. */
export interface Stage {
  readonly terminal: Terminal
  readonly backend: Backend
  readonly model: Transformer
}

const checkStop = ({ terminal }: Stage): void => {
  if (terminal.stop.aborted) throw new Interrupted('Stopped. There was nothing to save yet.')
}

export interface Course extends FeedOptions {
  readonly steps: number
  readonly rate: Schedule
  readonly weightDecay?: number
}

/** Trains, and returns the parameters (on the backend) and how fast it went. */
export const learn = async (
  stage: Stage,
  title: string,
  loss: TrainingLoss,
  parameters: Parameters,
  examples: readonly TrainingExample[],
  { rate, weightDecay = 0, ...course }: Course,
) => {
  const { terminal, backend, model } = stage
  const optimizer = adamW({ rate, beta2: 0.99, weightDecay })
  const bar = progress(terminal, title, course.steps)
  let [tokens, seconds, last] = [0, 0, Number.NaN]
  const state = await train(begin(optimizer, parameters), {
    ...{ backend, model, loss, optimizer, examples, signal: terminal.stop, ...course },
    onStep: async (report) => {
      tokens += report.tokens
      seconds += report.seconds
      last = report.metrics.loss ?? Number.NaN
      bar.at(report.step, `loss ${last.toFixed(3)} · ${count(tokens / seconds)} tokens/s`)
      await breathe()
    },
  }).finally(bar.end)
  checkStop(stage)
  return { parameters: state.parameters, tokens, seconds, loss: last }
}

/** Prompts whose continuations are made together. */
const together = 128

/** One sampled continuation a prompt. */
export const continueAll = async (
  stage: Stage,
  title: string,
  parameters: Parameters,
  prompts: readonly (readonly number[])[],
  { maxTokens, temperature, seed }: { readonly maxTokens: number; readonly temperature: number; readonly seed: number },
): Promise<readonly (readonly number[])[]> => {
  const bar = progress(stage.terminal, title, prompts.length)
  const generate = generator(stage.backend, stage.model)
  const made: (readonly number[])[] = []
  for (let from = 0; from < prompts.length; from += together) {
    checkStop(stage)
    const some = prompts.slice(from, from + together)
    const results = await generate(parameters, some, { maxTokens, temperature, seed: seed + from, stop: [], batch: together })
    made.push(...results.map(({ tokens }) => tokens))
    bar.at(made.length)
    await breathe()
  }
  bar.end()
  return made
}

/** log π(y|x) of every completion, in nats. */
export const logProbabilities = async (
  { backend, model }: Stage,
  parameters: Parameters,
  examples: readonly Example[],
): Promise<readonly number[]> => {
  const run = compile(backend, model.logProbabilities)
  const resident = await evaluate(backend, parameters)
  const scores: number[] = []
  for (let from = 0; from < examples.length; from += together) {
    const batch = pad(examples.slice(from, from + together), { context: model.config.context, bucket: 16 })
    scores.push(...(await read(backend, await run(resident, sequencesOf(batch)))))
    await breathe()
  }
  return scores
}
