/** What an experiment has shown, as a document: claim, verdicts, tables with intervals, and how it was made. The same text wherever it is read. */
import { duration } from '../terminal/progress.ts'
import { confidence, meanOf } from '../terminal/statistics.ts'
import { type ExperimentOutcome, type ExperimentRow, type ExperimentTable, type Figure, figures } from './experiment.ts'
import type { ScheduledWork } from './scheduler.ts'
import type { ConfidenceInterval, StatisticalFinding, StatisticalVerdict } from './statistics.ts'

/** What is kept of an experiment. */
export interface ReproductionReport extends ExperimentOutcome {
  readonly experiment: string
  readonly title: string
  readonly claim: string
  readonly command: string
  readonly machine: string
  readonly date: string
  readonly backend: string
  readonly seeds: readonly number[]
  readonly work: ScheduledWork
}

export const names: Readonly<Record<Figure, string>> = {
  win: 'win rate',
  reward: 'reward',
  talkative: 'reward by the talkative',
  length: 'tokens',
  ended: 'ended',
  empty: 'empty',
  exact: 'exact',
  kl: 'KL from start',
  'z0 > 0': 'steps with z₀ > 0',
}
const places: Partial<Record<Figure, number>> = { length: 1, kl: 1 }

export const markdown = (report: ReproductionReport): string =>
  [
    `# ${report.title}`,
    '',
    `**The paper:** ${report.claim}`,
    '',
    `| of this world | difference, ${confidence} interval | verdict |`,
    '|---|---|---|',
    ...report.findings.map(
      (one) =>
        `| ${one.claim} | ${withInterval(one.difference)}${one.above === 0 ? '' : ` (claimed: above ${one.above})`} | ${verdictOf(one)} |`,
    ),
    '',
    `![${report.tables[0]?.title}](${report.experiment}.svg)`,
    '',
    ...report.tables.flatMap(tableLines),
    ...report.notes.map((note) => `- ${note}`),
    `- ${seedsOf(report)}. Intervals are over seeds (Student’s t), differences are paired by seed, and many are looked at: no correction was made.`,
    '',
    `Made by \`${report.command}\` on ${report.date}: ${report.work.models} models, ${duration(report.work.seconds)} of processor time on ${report.machine}; ${report.backend}.`,
    '',
  ].join('\n')

const seedsOf = ({ seeds }: ReproductionReport): string => (seeds.length === 1 ? `One seed (${seeds[0]})` : `Seeds ${seeds.join(', ')}`)

const verdictOf = ({ verdict }: StatisticalFinding): string => (verdict === 'reproduced' ? '**reproduced**' : verdict)

const tableLines = ({ title, columns, rows }: ExperimentTable): readonly string[] => [
  `## ${title}`,
  '',
  `| | | ${columns.map((name) => names[name]).join(' | ')} |`,
  `|---|---|${columns.map(() => '---:').join('|')}|`,
  ...rows.map((row) => `| ${row.group} | ${row.name} | ${columns.map((name) => cell(row, name)).join(' | ')} |`),
  '',
]

const cell = (row: ExperimentRow, name: Figure): string => {
  const values = figures(row, name)
  return values.some(Number.isNaN) ? '–' : withInterval(meanOf(values), places[name])
}

const withInterval = ({ mean, high }: ConfidenceInterval, digits = 3): string =>
  `${mean.toFixed(digits).replace(/^-(0\.0+)$/, '$1')}${Number.isFinite(high) ? ` ± ${(high - mean).toFixed(digits)}` : ''}`

/** The table of all experiments, for the README. */
export const summary = (reports: readonly ReproductionReport[]): string =>
  [
    '| | the paper | reproduced | not separable | not reproduced |',
    '|---|---|---|---|---|',
    ...reports.map(({ experiment, claim, findings }) => {
      const having = (verdict: StatisticalVerdict) => findings.filter((one) => one.verdict === verdict)
      const failed = having('not reproduced').map((one) => `${one.claim} (${withInterval(one.difference)})`)
      const name = `[${experiment}](../app/reproduce/results/${experiment}.md)`
      const counts = `${having('reproduced').length} of ${findings.length} | ${having('not separable').length}`
      return `| ${name} | ${claim} | ${counts} | ${failed.join('; ') || '–'} |`
    }),
  ].join('\n')
