/** What came of a run: what is printed by --json, and kept as training.json. */

import type { Evaluation } from '../inference/evaluation.ts'
import type { OpenedBackend } from '../inputs/backends.ts'
import { balanceOf } from '../inputs/examples.ts'
import type { RunData } from './data.ts'
import type { Symptom } from './health.ts'
import { heldOutIn, type LogRow, trainedIn } from './log.ts'
import type { Task } from './task.ts'

export interface RunResult {
  readonly loss: string
  readonly backend: string
  readonly mode: string
  readonly out: string
  /** All that were made, those before --resume included. */
  readonly steps: number
  /** Ctrl-C or SIGTERM ended the run before its last step. */
  readonly interrupted: boolean
  /** The run ended before its last step by itself: by --patience, --max-kl or --callback. */
  readonly stoppedEarly: boolean
  /** Why: the end of a sentence. */
  readonly stoppedBecause?: string
  /** After which step the parameters are that were saved. */
  readonly saved: number
  readonly examples: { readonly training: number; readonly heldOut: number }
  /** Of the first five steps. */
  readonly firstLosses: readonly number[]
  readonly heldOut?: { readonly before: Evaluation; readonly after: Evaluation }
  /** The rewards accuracy of always guessing the more frequent label, of held-out examples with labels; ½ of pairs. */
  readonly chance?: number
  /** Metrics of the last step. */
  readonly last: Readonly<Record<string, number>>
  /** What its log says against it. */
  readonly health: readonly Symptom[]
  readonly seconds: number
  readonly tokensPerSecond: number
}

/** How a run ended, beside its rows. */
export type Ending = Pick<RunResult, 'interrupted' | 'stoppedEarly' | 'stoppedBecause' | 'saved' | 'seconds' | 'health'> & {
  readonly after?: Evaluation
}

export const resultOf = (
  { loss, options: { out } }: Task,
  { training, heldOut }: RunData,
  { backend, mode }: OpenedBackend,
  rows: readonly LogRow[],
  { after, ...ending }: Ending,
): RunResult => {
  const [first, last] = [rows[0], rows.at(-1)]
  const before = first && heldOutIn(first)
  return {
    ...{ loss: loss.name, backend: backend.name, mode, out, steps: last?.step ?? 0, ...ending },
    examples: { training: training.length, heldOut: heldOut.length },
    ...(heldOut.length > 0 && (loss.needs.pair || loss.needs.label) && { chance: chanceOf(heldOut) }),
    firstLosses: rows.flatMap(({ step, loss: value }) => (step <= 5 && value !== undefined ? [value] : [])),
    ...(before && after ? { heldOut: { before: { ...after, metrics: before }, after } } : {}),
    last: last === undefined ? {} : trainedIn(last),
    tokensPerSecond: rows.reduce((sum, { tokens }) => sum + tokens, 0) / ending.seconds,
  }
}

const chanceOf = (examples: RunData['heldOut']): number => {
  if (examples.some((example) => 'chosen' in example)) return 0.5
  const { desirable, undesirable } = balanceOf(examples)
  return Math.max(desirable, undesirable) / examples.length
}
