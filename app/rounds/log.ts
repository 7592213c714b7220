/** The log of all rounds, a line of JSON each, in OUT/rounds.jsonl; and the table that is printed of it. No times: a repeated run has the same lines. */
import { join } from 'node:path'
import { writeAtomically } from '../../models/index.ts'
import { parseJson, readIfThere } from '../../models/internal.ts'
import { confidence } from '../terminal/statistics.ts'
import type { RoundMeasurement } from './measure.ts'

export interface RoundRow extends RoundMeasurement {
  /** 0: the model that the rounds start from. */
  readonly round: number
  /** Verdicts asked for in this round, and examples that were made of them. */
  readonly verdicts: number
  readonly examples: number
  /** Of the examples with a label, or an advantage, the fraction that is desirable. */
  readonly desirable?: number
  /** The loss of the last step. */
  readonly loss?: number
}

export const roundsFile = 'rounds.jsonl'

/** The rows that are there, from round 0 on. */
export const readRounds = async (out: string): Promise<readonly RoundRow[]> =>
  ((await readIfThere(join(out, roundsFile))) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseJson(line) as RoundRow) // only `writeRounds` writes there

export const writeRounds = (out: string, rows: readonly RoundRow[]): Promise<void> =>
  writeAtomically(join(out, roundsFile), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))

/** The first of the rounds after 0 that wins most; the last where none was measured. */
export const bestRound = (rows: readonly RoundRow[]): RoundRow | undefined => {
  const trained = rows.filter(({ round }) => round > 0)
  const measured = trained.filter(({ win_rate }) => win_rate !== undefined)
  const most = Math.max(...measured.map(({ win_rate = 0 }) => win_rate))
  return measured.find(({ win_rate }) => win_rate === most) ?? trained.at(-1)
}

/** Why no further round is to be made, if so: the end of "Stopped, as …". */
export const reasonToEnd = (
  rows: readonly RoundRow[],
  { budget, next, maxKl }: { readonly budget?: number; readonly next: number; readonly maxKl?: number },
): string | undefined => {
  const [last, best] = [rows.at(-1), bestRound(rows)]
  const asked = rows.reduce((sum, { verdicts }) => sum + verdicts, 0)
  if (last !== undefined && best !== undefined && (last.win_high ?? 1) < (best.win_rate ?? 0))
    return `round ${last.round} is worse than round ${best.round}, by more than its interval`
  if (last !== undefined && maxKl !== undefined && last.kl > maxKl) return `the model is ${last.kl.toFixed(2)} nats from round 0 (--max-kl)`
  if (budget !== undefined && asked + next > budget)
    return `another round needs ${next} verdicts, and ${budget - asked} of --budget are left`
  return undefined
}

const columns: readonly (readonly [title: string, width: number, cell: (row: RoundRow) => string])[] = [
  ['round', 5, ({ round }) => `${round}`],
  [`win rate (${confidence})`, 18, (row) => winCell(row)],
  ['score', 8, ({ score }) => number(score, 3)],
  ['KL', 7, ({ kl }) => number(kl, 2)],
  ['tokens', 7, ({ tokens }) => number(tokens, 1)],
  ['ended', 7, ({ ended }) => percent(ended)],
  ['repeated', 9, ({ repetition }) => percent(repetition)],
  ['desirable', 10, ({ desirable }) => percent(desirable)],
  ['examples', 9, ({ round, examples }) => (round === 0 ? '–' : `${examples}`)],
]

export const tableHead: string = columns.map(([title, width]) => title.padStart(width)).join(' ')
export const tableLine = (row: RoundRow): string => columns.map(([, width, cell]) => cell(row).padStart(width)).join(' ')

const winCell = ({ win_rate, win_low, win_high }: RoundRow): string =>
  win_rate === undefined ? '–' : `${percent(win_rate)} (${(100 * (win_low ?? 0)).toFixed(0)}–${(100 * (win_high ?? 0)).toFixed(0)})`
const number = (x: number | undefined, digits: number): string => x?.toFixed(digits).replace(/^-(0\.?0*)$/, '$1') ?? '–'
const percent = (x: number | undefined): string => (x === undefined ? '–' : `${(100 * x).toFixed(0)} %`)
