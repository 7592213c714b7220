/** What a run prints: the check of its first step, samples, and what it has changed. */
import type { AnyLoss } from '../../halos/index.ts'
import type { StepReport } from '../../models/index.ts'
import type { Progress } from '../terminal/progress.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { curveLines } from './curves.ts'
import { isGrave, verdictOf } from './health.ts'
import type { LogRow } from './log.ts'
import type { RunResult } from './result.ts'
import type { PromptSample } from './samples.ts'

/** The identities that hold while the policy still is the reference model; the loop has checked them. */
export const sayStart = ({ say }: Pick<Progress, 'say'>, { name, needs }: AnyLoss, { metrics }: StepReport): void => {
  const { loss, 'rewards/margins': margin } = metrics
  if (!needs.reference || loss === undefined) return
  const margins = margin === undefined ? '' : `, rewards margin ${margin.toFixed(6)}`
  say(`first step, where the policy still is the reference model: ${name} loss ${loss.toFixed(6)}${margins}, as it must be`)
}

export const sayResult = (
  terminal: Terminal,
  { needs }: AnyLoss,
  { chance, heldOut, interrupted, stoppedEarly, stoppedBecause, steps, saved, out, seconds, health }: RunResult,
  rows: readonly LogRow[],
): void => {
  for (const line of curveLines(rows)) terminal.say(line)
  if (heldOut !== undefined) {
    const { before, after } = heldOut
    terminal.say(`\nheld out (${after.examples} examples)      before      after`)
    for (const [name, title] of shown) {
      const [a, b] = [before.metrics[name], after.metrics[name]]
      if (a !== undefined && b !== undefined)
        terminal.say(`  ${title.padEnd(24)}${figure(a)} ${figure(b)}${name === 'rewards/accuracies' ? accuracyNote(needs, chance) : ''}`)
    }
  }
  const stopped = stoppedEarly ? `Stopped, as ${stoppedBecause}, after` : interrupted ? 'Stopped after' : ''
  const kept = saved === steps ? 'Saved' : `The best, of step ${saved}, is saved`
  terminal.say(`\n${`${stopped} ${steps}`.trim()} steps in ${seconds.toFixed(1)} s. ${kept} to ${out}`)
  for (const line of verdictOf(health)) terminal.say(line)
  if (isGrave(health)) return
  terminal.say(
    needs.reward
      ? `Let it judge:  halograd judge --judge 'reward ${out}' --model … --data …`
      : `Try it:  halograd generate --model ${out} --prompt "…"`,
  )
}

/** Samples as they are after a step. */
export const sampleLines = (step: number, samples: readonly PromptSample[]): readonly string[] => [
  `samples after step ${step}:`,
  ...samples.map(({ prompt, text }) => `  ${shortened(prompt, 40)} → ${shortened(text, 160)}`),
]

/** The same prompts before and after training. */
export const besideLines = (before: readonly PromptSample[], after: readonly PromptSample[]): readonly string[] => [
  '',
  'samples (temperature 1, the same random numbers)',
  ...before.flatMap(({ prompt, text }, i) => [
    `  ${shortened(prompt, 120)}`,
    `    before: ${shortened(text, 240)}`,
    `    after:  ${shortened(after[i]?.text ?? '', 240)}`,
  ]),
]

/** On one line, cut at the end. */
const shortened = (text: string, most: number): string => {
  const flat = text.replaceAll(/\s+/g, ' ').trim()
  return flat.length <= most ? flat : `${flat.slice(0, most - 1)}…`
}

/** What the accuracy is of, and what it would be by chance. */
const accuracyNote = ({ pair }: AnyLoss['needs'], chance: number | undefined): string =>
  chance === undefined
    ? ''
    : pair
      ? '   (chosen above rejected; chance: 0.5)'
      : `   (reward on the label's side of the reference point; always guessing the more frequent label: ${chance.toFixed(2)})`

const figure = (x: number): string =>
  x
    .toFixed(4)
    .replace(/^-(0\.0+)$/, '$1')
    .padStart(10)
const shown = [
  ['loss', 'loss'],
  ['win_rate', 'win rate against start'],
  ['rewards/margins', 'rewards margin'],
  ['rewards/accuracies', 'rewards accuracy'],
  ['rewards/chosen', 'reward, desirable'],
  ['rewards/rejected', 'reward, undesirable'],
] as const
