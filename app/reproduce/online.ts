/**
 * Learning from verdicts on the model's own answers, at equal numbers of verdicts: in one round, all answers are of the model that training starts from
 * (offline); in several, each part is of the model as it is by then (online). Optimizer and schedule are one run's, and the reference model is the start.
 *
 *     thumbs up with probability σ(r(y) − r(y′)),  y′ what a person answers to the same task
 */
import { type Backend, dispose } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import {
  adamW,
  begin,
  generator,
  linear,
  type Parameters,
  type StepState,
  type TrainingExample,
  type Transformer,
  train,
} from '../../models/index.ts'
import { breathe } from '../terminal/terminal.ts'
import { dice, drawTask, end, longestAnswer, person, reward, type WorldTask, type WorldTokens } from './world.ts'

export interface OnlineCourse {
  readonly rounds: number
  /** Verdicts in all. */
  readonly verdicts: number
  readonly batch: number
  readonly rate: number
  readonly seed: number
  /** Steps after which the reference model becomes the policy. Default: never. */
  readonly sync?: number
}

/** The aligned parameters, on the backend. @throws whatever ended the signal */
export const alignOnline = async (
  backend: Backend,
  model: Transformer,
  loss: AnyLoss,
  start: Parameters,
  { rounds, verdicts, batch, rate, seed, sync }: OnlineCourse,
  signal: AbortSignal,
): Promise<Parameters> => {
  const perRound = Math.max(1, Math.floor(verdicts / rounds / batch))
  const steps = rounds * perRound
  const optimizer = adamW({ rate: linear({ rate, warmup: Math.round(steps / 10), steps }), beta2: 0.99 })
  const generate = generator(backend, model)
  const roll = dice(seed, 6)
  let state: StepState = begin(optimizer, start)
  for (let round = 0; round < rounds; round++) {
    const tasks = Array.from({ length: perRound * batch }, () => drawTask(roll))
    const prompts = tasks.map(({ prompt }) => prompt)
    const answers = await generate(state.parameters, prompts, {
      maxTokens: longestAnswer,
      temperature: 1,
      seed: 1000 * seed + round,
      batch: 250,
    })
    const examples = tasks.map((task, i): TrainingExample => judged(task, answers[i]!.tokens, answers[i]!.ended === 'stop', roll))
    state = await train(state, {
      ...{ backend, model, loss, optimizer, examples, batch, seed, signal, bucket: 8, steps: (round + 1) * perRound, reference: start },
      ...(sync !== undefined && { sync: { every: sync } }),
      onStep: () => breathe(),
    })
    signal.throwIfAborted()
  }
  const { parameters, ...rest } = state
  dispose(backend, rest)
  return parameters
}

/** What somebody thinks of an answer who has another person's in mind. An empty answer is its end. */
const judged = (task: WorldTask, said: WorldTokens, ended: boolean, roll: () => number): TrainingExample => ({
  outcome: { prompt: task.prompt, completion: ended || said.length === 0 ? [...said, end] : said },
  label: roll() < 1 / (1 + Math.exp(reward(task, person(task, roll)) - reward(task, said))),
})
