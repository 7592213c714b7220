/**
 * A judge gives a text a number, or says which of two texts of one prompt is better. Who sees two texts may like the first because it is the
 * first: such a judge is shown every pair in both orders, and a verdict that depends on the order is a tie.
 *
 *     preference = 1 (a is better)   ½ (neither, or it depends on the order)   0 (b is better)
 */
import { JudgeError } from '../terminal/errors.ts'
import { meanOf, type Rate, rateOf } from '../terminal/statistics.ts'

export interface JudgedAnswer {
  readonly prompt: string
  readonly completion: string
}
export interface Comparison {
  readonly prompt: string
  readonly a: string
  readonly b: string
}
export type Winner = 'a' | 'b' | 'tie'

type Later<T> = T | Promise<T>
/** Called with the number that are done. */
export type JudgeReport = (done: number) => void

interface Scoring {
  readonly name: string
  /** A number an answer, in their order: the larger the better. −Infinity for what cannot be scored. */
  readonly score: (answers: readonly JudgedAnswer[], report: JudgeReport) => Later<readonly number[]>
}
interface Comparing {
  readonly name: string
  /** A winner a comparison, in their order. */
  readonly compare: (comparisons: readonly Comparison[], report: JudgeReport) => Later<readonly Winner[]>
}
export type Judge = Scoring | Comparing

export interface Verdicts {
  /** Of each case: 1, ½ or 0. */
  readonly preferences: readonly number[]
  /** Where the judge gives numbers. */
  readonly scores?: { readonly a: readonly number[]; readonly b: readonly number[] }
  /** Where it compares: how often it says the same in both orders. */
  readonly consistent?: Rate
}

/** @throws JudgeError when it does not say a number, or a winner, for every text that it was given */
export const verdictsOf = (judge: Judge, cases: readonly Comparison[], report: JudgeReport = () => undefined): Promise<Verdicts> =>
  'score' in judge ? byScore(judge, cases, report) : byComparison(judge, cases, report)

/** How many texts a judge reads for these cases. */
export const shown = (cases: readonly Comparison[]): number => 2 * cases.length

const byScore = async (judge: Scoring, cases: readonly Comparison[], report: JudgeReport): Promise<Verdicts> => {
  const answers = cases.flatMap(({ prompt, a, b }) => [
    { prompt, completion: a },
    { prompt, completion: b },
  ])
  const scores = complete(
    judge,
    await judge.score(answers, report),
    answers.length,
    (x) => typeof x === 'number' && !Number.isNaN(x),
    'a number',
  )
  const [a, b] = [scores.filter((_, i) => i % 2 === 0), scores.filter((_, i) => i % 2 === 1)]
  const preferences = cases.map((one, i) => (one.a === one.b || a[i] === b[i] ? 0.5 : a[i]! > b[i]! ? 1 : 0)) // models round
  return { preferences, scores: { a, b } }
}

const byComparison = async (judge: Comparing, cases: readonly Comparison[], report: JudgeReport): Promise<Verdicts> => {
  const both = cases.flatMap((one) => [one, { prompt: one.prompt, a: one.b, b: one.a }])
  const winners = complete(judge, await judge.compare(both, report), both.length, isWinner, '"a", "b" or "tie"')
  const swapped: Readonly<Record<Winner, Winner>> = { a: 'b', b: 'a', tie: 'tie' }
  const verdicts = cases.map((_, i) => [winners[2 * i]!, swapped[winners[2 * i + 1]!]] as const)
  return {
    preferences: verdicts.map(([first, second]) => (first !== second || first === 'tie' ? 0.5 : first === 'a' ? 1 : 0)),
    consistent: rateOf(verdicts.filter(([first, second]) => first === second).length, verdicts.length),
  }
}

export const isWinner = (x: unknown): x is Winner => x === 'a' || x === 'b' || x === 'tie'

/** A judge may be any program: its answers are validated. */
const complete = <T>({ name }: Judge, said: readonly T[], expected: number, valid: (x: unknown) => boolean, kind: string): readonly T[] => {
  if (!Array.isArray(said) || said.length !== expected)
    throw new JudgeError(
      `judge ${name}: expected ${expected} verdicts, one for each text or pair, found ${Array.isArray(said) ? said.length : typeof said}`,
    )
  const wrong = said.findIndex((x) => !valid(x))
  if (wrong >= 0)
    throw new JudgeError(`judge ${name}: expected ${kind} as verdict ${wrong + 1} of ${expected}, found ${String(said[wrong])}`)
  return said
}

/** The win rate of a over b, and what is behind it. */
export const tally = ({ preferences, scores, consistent }: Verdicts) => {
  const count = (preference: number): number => preferences.filter((x) => x === preference).length
  return {
    winRate: rateOf(
      preferences.reduce((sum, x) => sum + x, 0),
      preferences.length,
    ),
    ...{ wins: count(1), ties: count(0.5), losses: count(0) },
    ...(scores === undefined ? {} : { scores: { a: meanOf(scores.a), b: meanOf(scores.b) } }),
    ...(consistent === undefined ? {} : { consistent }),
  }
}
