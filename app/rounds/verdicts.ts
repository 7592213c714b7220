/**
 * What a judge says of the answers of a round, as a score for each. A judge that scores is asked once; one that compares is shown every pair of answers to
 * a prompt in both orders.
 *
 *     score of an answer = the judge's number,  or  mean over the other answers of 1 (better), ½ (tie), 0 (worse)
 */
import { type Comparison, type Judge, verdictsOf } from '../judge/judge.ts'
import { JudgeError } from '../terminal/errors.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import { average } from '../terminal/statistics.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { AnswerGroup } from './answers.ts'

/** A score for each answer of each group; `undefined` where there is no verdict. */
export type RoundVerdicts = readonly (readonly (number | undefined)[])[]

/** @throws JudgeError */
export const judgeAnswers = async (
  terminal: Terminal,
  judge: Judge,
  groups: readonly AnswerGroup[],
  title: string,
): Promise<RoundVerdicts> => ('score' in judge ? scored(terminal, judge, groups, title) : compared(terminal, judge, groups, title))

const scored = async (
  terminal: Terminal,
  judge: Extract<Judge, { readonly score: unknown }>,
  groups: readonly AnswerGroup[],
  title: string,
): Promise<RoundVerdicts> => {
  const asked = groups.flatMap(({ prompt, answers }) => answers.map(({ text }) => ({ prompt: prompt.text, completion: text })))
  const bar = progress(terminal, title, asked.length)
  const scores = await Promise.resolve(judge.score(asked, bar.at)).finally(() => finished(bar, asked.length))
  if (!Array.isArray(scores) || scores.length !== asked.length || !scores.every((x) => typeof x === 'number' && !Number.isNaN(x)))
    throw new JudgeError(`judge ${judge.name}: expected ${asked.length} numbers, one for each answer`)
  return inGroups(groups, scores)
}

const compared = async (terminal: Terminal, judge: Judge, groups: readonly AnswerGroup[], title: string): Promise<RoundVerdicts> => {
  const places = groups.flatMap(({ answers }, group) =>
    answers.flatMap((_, a) => answers.slice(a + 1).map((__, offset) => ({ group, a, b: a + 1 + offset }))),
  )
  const cases = places.map(
    ({ group, a, b }): Comparison => ({
      prompt: groups[group]!.prompt.text,
      a: groups[group]!.answers[a]!.text,
      b: groups[group]!.answers[b]!.text,
    }),
  )
  const bar = progress(terminal, title, 2 * cases.length)
  const { preferences } = await verdictsOf(judge, cases, bar.at).finally(() => finished(bar, 2 * cases.length))
  const found = groups.map(({ answers }) => answers.map((): number[] => []))
  for (const [i, { group, a, b }] of places.entries()) {
    found[group]?.[a]?.push(preferences[i]!)
    found[group]?.[b]?.push(1 - preferences[i]!)
  }
  return found.map((group) => group.map((values) => (values.length === 0 ? undefined : average(values))))
}

/** Judges need not report how far they are. */
const finished = (bar: Progress, total: number): void => {
  bar.at(total)
  bar.end()
}

const inGroups = (groups: readonly AnswerGroup[], scores: readonly number[]): RoundVerdicts => {
  let from = 0
  return groups.map(({ answers }) => {
    from += answers.length
    return scores.slice(from - answers.length, from)
  })
}
