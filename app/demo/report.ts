/** What the demo has shown, in words: samples, the verdict with its uncertainty, and what it cost. */
import { duration } from '../terminal/progress.ts'
import { confidence, type Rate } from '../terminal/statistics.ts'
import type { DemoReport } from './demo.ts'

export const reportLines = (report: DemoReport): readonly string[] => [
  '',
  'Samples (not picked; AFINN score in brackets)',
  ...report.samples.flatMap(({ prompt, before, after }) => [
    '',
    `  “${line(prompt).trim()} …`,
    `    before [${signed(before.score)}]${line(before.text)}`,
    `    after  [${signed(after.score)}]${line(after.text)}`,
  ]),
  '',
  `What the human says of ${report.winRate.cases} continuations of unseen prompts       before     after`,
  row('thumbs up', percent(report.positive.before.rate), percent(report.positive.after.rate)),
  row('thumbs down', percent(report.negative.before.rate), percent(report.negative.after.rate)),
  '',
  ...verdict(report.winRate),
  '',
  'What it cost (a reward is a proxy: look at how it was earned)                 before     after',
  row('most frequent positive words', '', ''),
  `    before: ${words(report, 'before')}`,
  `    after:  ${words(report, 'after')}`,
  row('different neighbouring words (1: all)', report.distinctPairs.before.toFixed(2), report.distinctPairs.after.toFixed(2)),
  row('words repeated within a continuation', percent(report.repetition.before), percent(report.repetition.after)),
  row('loss on unseen chapters, nats a token', nats(report.heldOutLoss.before), nats(report.heldOutLoss.after)),
  row('KL from the model before, nats a continuation', '0.00', report.kl.toFixed(2)),
  '',
  `Pre-training ${duration(report.pretraining.seconds)}, KTO ${duration(report.alignment.seconds)}, everything ${duration(report.seconds)} on ${report.backend} (${report.mode}).`,
  `The aligned model is in ${report.out}:  npx halograd generate --model ${report.out} --prompt " the white whale"`,
]

/** The win rate, and whether it is more than chance. */
const verdict = ({ rate, low, high }: Rate): readonly string[] => [
  `After beats before on ${percent(rate)} of the prompts (ties count half; ${confidence} interval ${percent(low)} to ${percent(high)}).`,
  low > 0.5
    ? 'Chance would be 50 %, which is outside the interval: alignment worked.'
    : 'Chance would be 50 %, which is not outside the interval: this run does not show an improvement. A larger --size shows more.',
]

const row = (title: string, before: string, after: string): string =>
  `  ${title.padEnd(70)}${before.padStart(10)}${after.padStart(10)}`.trimEnd()
const percent = (x: number): string => `${(100 * x).toFixed(0)} %`
const nats = (x: number | undefined): string => x?.toFixed(2) ?? '–'
/** On one line, whatever a young model writes. */
const line = (text: string): string => text.replaceAll(/[^ -~]+/g, '·')
const signed = (x: number): string => (x > 0 ? `+${x}` : `${x}`)
const words = ({ positiveWords, positiveWordCount }: DemoReport, when: 'before' | 'after'): string =>
  positiveWords[when]
    .slice(0, 6)
    .map(([word, texts]) => `${word} ${percent(texts / positiveWordCount[when])}`)
    .join(', ')
