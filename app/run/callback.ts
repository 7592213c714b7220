/**
 * A module of the user's own that is called after every step:
 *
 *     export default (row, { out, steps }) => row.kl > 20 ? 'stop' : undefined
 */
import { defaultOf } from '../inputs/modules.ts'
import { UsageError } from '../terminal/errors.ts'
import type { LogRow } from './log.ts'

/** `row`: the step's row of metrics.jsonl. May return a promise, which is waited for; 'stop' ends the run cleanly. */
export type RunCallback = (row: LogRow, run: { readonly out: string; readonly steps: number }) => unknown

/** @throws UsageError for a module whose default export is no function */
export const loadCallback = async (file: string): Promise<RunCallback> => {
  const own = await defaultOf(file, '--callback')
  if (typeof own === 'function') return (row, run) => own(row, run)
  throw new UsageError(
    `--callback: expected ${file} to export a function by default: (row, { out, steps }) => …, found ${own === undefined ? 'no default export' : typeof own}`,
  )
}
