/** Who won, by how much, and whether that is more than chance; and what the texts of both sides are like. */
import { duration } from '../terminal/progress.ts'
import { confidence, type MeanEstimate, type Rate } from '../terminal/statistics.ts'
import type { Judging } from './judging.ts'

type JudgedReport = Judging['report']

export const reportLines = ({ report, cases }: Judging, samples: number): readonly string[] => {
  const { a, b, judges, questions, longer } = report
  const sides = [a, b]
  return [
    '',
    `A: ${a.name}`,
    `B: ${b.name}`,
    `${questions} prompts of ${report.data}, each once; ties count half; intervals of ${confidence}`,
    ...judges.flatMap((judge) => ['', ...verdictLines(judge)]),
    '',
    row('the texts', ['A', 'B']),
    row(
      '  tokens, mean',
      sides.map(({ tokens }) => tokens.mean.mean.toFixed(1)),
    ),
    row(
      '  tokens, median',
      sides.map(({ tokens }) => `${tokens.median}`),
    ),
    row(
      '  ended by itself, not by --max-tokens',
      sides.map(({ ended }) => (ended === undefined ? '–' : percent(ended.rate))),
    ),
    row(
      '  empty',
      sides.map(({ empty }) => `${empty}`),
    ),
    row(
      '  different pairs of neighbouring words (1: all)',
      sides.map(({ distinctPairs }) => distinctPairs.toFixed(2)),
    ),
    row(
      '  runs of four words that the same text has said before',
      sides.map(({ repeatedFours }) => percent(repeatedFours)),
    ),
    `  tokens of A less those of B: ${interval(longer, 1)}, so A ${apart(longer, 0, 'is longer', 'is more concise', 'is neither longer nor more concise, as far as can be told')}`,
    ...cases.slice(0, samples).flatMap(({ prompt, a, b }) => ['', `“${line(prompt)}”`, `  A: ${line(a)}`, `  B: ${line(b)}`]),
    '',
    `${duration(report.seconds)} on ${report.backend} (${report.mode})`,
  ]
}

const verdictLines = ({
  judge,
  winRate,
  wins,
  ties,
  losses,
  scores,
  consistent,
  longerWins,
}: JudgedReport['judges'][number]): readonly string[] => [
  `judge: ${judge}`,
  `  A wins ${percent(winRate.rate)} (${percent(winRate.low)} to ${percent(winRate.high)}): ${wins} wins, ${ties} ties, ${losses} losses`,
  `  ${apart(winRate, 0.5, 'A is better than B', 'B is better than A', 'no difference can be told from chance')}`,
  ...(scores === undefined ? [] : [`  mean score ${interval(scores.a, 3)} against ${interval(scores.b, 3)}`]),
  ...(consistent === undefined
    ? []
    : [`  asked in both orders, it said the same for ${percent(consistent.rate)} of the pairs; the others are ties`]),
  ...(longerWins === undefined ? [] : [`  of the decided ones, the longer text won ${percent(longerWins.rate)}`]),
]

/** On which side of a value an interval is. */
const apart = (
  { low, high }: Pick<Rate | MeanEstimate, 'low' | 'high'>,
  from: number,
  above: string,
  below: string,
  neither: string,
): string => (low > from ? above : high < from ? below : neither)

const row = (title: string, cells: readonly string[]): string => `${title.padEnd(58)}${cells.map((cell) => cell.padStart(9)).join('')}`
const percent = (x: number): string => `${(100 * x).toFixed(0)} %`
const interval = ({ mean, low, high }: MeanEstimate, digits: number): string =>
  `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`
/** On one line, and not too long. */
const line = (text: string): string => {
  const flat = text.replaceAll(/\s+/g, ' ').trim()
  return flat.length > 300 ? `${flat.slice(0, 299)}…` : flat
}
