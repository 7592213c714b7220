/**
 * What a round has changed, on prompts that no round trains on, answered in every round with the same random numbers.
 *
 *     win rate against the answers of round 0        KL = mean (log π_r(y|x) − log π_0(y|x)) over its own answers y, in nats an answer
 */
import { type Backend, compile, dispose, read } from '../../core/index.ts'
import type { Parameters, Sequences, Tokenizer, Transformer } from '../../models/index.ts'
import { pad, sequencesOf } from '../../models/internal.ts'
import { repetition } from '../inputs/texts.ts'
import { type Comparison, type Judge, verdictsOf } from '../judge/judge.ts'
import { progress } from '../terminal/progress.ts'
import { average, rateOf } from '../terminal/statistics.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'
import { type AnswerGroup, exampleOfAnswer } from './answers.ts'

/** Of the answers to the measured prompts, one each. */
export interface RoundMeasurement {
  /** Against round 0, with its interval; absent where no judge measures it. */
  readonly win_rate?: number
  readonly win_low?: number
  readonly win_high?: number
  /** The mean score, where the judge scores. */
  readonly score?: number
  readonly kl: number
  /** Tokens an answer. */
  readonly tokens: number
  /** The fraction of answers that the model ended. */
  readonly ended: number
  /** The fraction of runs of four words that the same answer has said before. */
  readonly repetition: number
}

/** log π(y|x) of answers under parameters; the program is compiled once. */
export type AnswerScorer = (parameters: Parameters, groups: readonly AnswerGroup[]) => Promise<readonly number[]>

export const answerScorer = (backend: Backend, model: Transformer, tokenizer: Tokenizer, batch: number): AnswerScorer => {
  const run = compile(backend, (own: Parameters, sequences: Sequences) => model.score(own, sequences).logProbability)
  return async (parameters, groups) => {
    const examples = groups.flatMap(({ prompt, answers }) => answers.map((answer) => exampleOfAnswer(prompt, answer, tokenizer)))
    const scores: number[] = []
    for (let from = 0; from < examples.length; from += batch) {
      const sequences = sequencesOf(pad(examples.slice(from, from + batch), { context: model.config.context, bucket: 16 }))
      const scored = await run(parameters, sequences)
      scores.push(...(await read(backend, scored)))
      dispose(backend, scored)
      await breathe()
    }
    return scores
  }
}

export interface MeasuredModels {
  readonly terminal: Terminal
  readonly judge?: Judge
  readonly score: AnswerScorer
  readonly start: Parameters
}

/** Of the model of a round, whose answers are `now`; `first` are those of round 0. */
export const measureRound = async (
  { terminal, judge, score, start }: MeasuredModels,
  parameters: Parameters,
  first: readonly AnswerGroup[],
  now: readonly AnswerGroup[],
): Promise<RoundMeasurement> => {
  const answers = now.flatMap((group) => group.answers)
  const [own, before] = [await score(parameters, now), await score(start, now)]
  return {
    ...(judge === undefined ? {} : await wins(terminal, judge, first, now)),
    kl: average(own.map((x, i) => x - before[i]!)),
    tokens: average(answers.map(({ tokens }) => tokens.length)),
    ended: average(answers.map(({ ended }) => (ended ? 1 : 0))),
    repetition: repetition(
      answers.map(({ text }) => text),
      4,
    ),
  }
}

const wins = async (terminal: Terminal, judge: Judge, first: readonly AnswerGroup[], now: readonly AnswerGroup[]) => {
  const cases = now.map(
    ({ prompt, answers }, i): Comparison => ({ prompt: prompt.text, a: answers[0]!.text, b: first[i]!.answers[0]!.text }),
  )
  const bar = progress(terminal, 'measuring', 2 * cases.length)
  const { preferences, scores } = await verdictsOf(judge, cases, bar.at).finally(bar.end)
  const { rate, low, high } = rateOf(
    preferences.reduce((sum, x) => sum + x, 0),
    preferences.length,
  )
  return { win_rate: rate, win_low: low, win_high: high, ...(scores && { score: average(scores.a) }) }
}
