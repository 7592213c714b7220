/** What the demo has shown, in words: samples, the verdict with its uncertainty, and what it cost. */
import { duration } from '../terminal/progress.ts'
import { confidence, type Rate } from '../terminal/statistics.ts'
import type { DemoReport } from './demo.ts'
import type { DemoWorld } from './world.ts'

export const reportLines = (report: DemoReport, { show, phrases, next }: DemoWorld): readonly string[] => [
  '',
  'Samples (not picked)',
  ...report.samples.flatMap((sample) => ['', ...show(sample)]),
  '',
  row(`Of ${report.winRate.cases} answers to new prompts`, 'before', 'after'),
  ...Object.entries(report.shares).map(([quality, { before, after }]) => row(`  ${quality}`, percent(before.rate), percent(after.rate))),
  '',
  ...verdict(report.winRate),
  '',
  row('What it cost (a thumb is a proxy: look at how it was earned)', 'before', 'after'),
  row(`  most frequent ${phrases.what}`, '', ''),
  `    before: ${favourites(report, 'before')}`,
  `    after:  ${favourites(report, 'after')}`,
  row('  words an answer', report.words.before.toFixed(1), report.words.after.toFixed(1)),
  row('  different neighbouring words (1: all)', report.distinctPairs.before.toFixed(2), report.distinctPairs.after.toFixed(2)),
  row('  words repeated within an answer', percent(report.repetition.before), percent(report.repetition.after)),
  row('  loss on held-out texts, nats a token', nats(report.heldOutLoss.before), nats(report.heldOutLoss.after)),
  row('  KL from the model before, nats an answer', '0.00', report.kl.toFixed(2)),
  '',
  `Pre-training ${duration(report.pretraining.seconds)}, KTO ${duration(report.alignment.seconds)}, everything ${duration(report.seconds)} on ${report.backend} (${report.mode}).`,
  `The aligned model is in ${report.out}:  ${next(report.out)}`,
]

/** The win rate, and whether it is more than chance. */
const verdict = ({ rate, low, high }: Rate): readonly string[] => [
  `After beats before on ${percent(rate)} of the prompts (ties count half; ${confidence} interval ${percent(low)} to ${percent(high)}).`,
  low > 0.5
    ? 'Chance would be 50 %, which is outside the interval: alignment worked.'
    : 'Chance would be 50 %, which is not outside the interval: this run does not show an improvement. A larger --size shows more.',
]

const row = (title: string, before: string, after: string): string =>
  `${title.padEnd(72)}${before.padStart(10)}${after.padStart(10)}`.trimEnd()
const percent = (x: number): string => `${(100 * x).toFixed(0)} %`
const nats = (x: number | undefined): string => x?.toFixed(2) ?? '–'
const favourites = ({ phrases }: DemoReport, when: 'before' | 'after'): string =>
  phrases[when]
    .slice(0, 6)
    .map(([phrase, share]) => `${phrase} ${percent(share)}`)
    .join(', ')
