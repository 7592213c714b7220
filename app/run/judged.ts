/**
 * How often the model that is trained wins against the model that it started from, by a judge, on held-out prompts: the same prompts and random numbers at
 * every measurement.
 *
 *     win_rate = (wins + ½ ties) / prompts        ½ before training
 */
import { type Comparison, verdictsOf } from '../judge/judge.ts'
import { findJudge } from '../judge/kinds.ts'
import { average } from '../terminal/statistics.ts'
import type { SampleWriter } from './samples.ts'

export interface JudgeChoice {
  /** As in `--judge`. */
  readonly judge: string
  /** Seconds in which a judge that is a program must say something. */
  readonly timeout: number
}

/** Measures the win rate of parameters. @throws UsageError, JudgeError */
export const winRateAgainst = async <P>(
  start: P,
  write: SampleWriter<P>,
  { judge: asked, timeout }: JudgeChoice,
  court: Omit<Parameters<typeof findJudge>[1], 'timeout'>,
): Promise<(parameters: P) => Promise<number>> => {
  const judge = await findJudge(asked, { ...court, timeout })
  const before = await write(start)
  return async (parameters) => {
    const after = await write(parameters)
    const cases = after.map(({ prompt, text }, i): Comparison => ({ prompt, a: text, b: before[i]!.text }))
    return average((await verdictsOf(judge, cases)).preferences)
  }
}
