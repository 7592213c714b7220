/** What there is to see of a run, or of rounds, from the files that it has written so far. */
import { join } from 'node:path'
import { exists } from '../../models/internal.ts'
import { readRounds, tableHead, tableLine } from '../rounds/log.ts'
import { curveLines } from '../run/curves.ts'
import { readLog } from '../run/log.ts'

export interface RunView {
  readonly lines: readonly string[]
  readonly finished: boolean
  /** The last row of the log. */
  readonly json: object
}

/** @throws FileError where there is no log; CheckpointError where a row is missing */
export const viewOf = async (directory: string): Promise<RunView> => {
  const rounds = await readRounds(directory)
  if (rounds.length > 0) {
    const finished = await exists(join(directory, 'rounds-result.json'))
    return { lines: [directory, tableHead, ...rounds.map(tableLine), state(finished)], finished, json: rounds.at(-1) ?? {} }
  }
  const rows = await readLog(directory)
  const finished = await exists(join(directory, 'training.json'))
  const last = rows.at(-1)
  const { step = 0, epoch = 0, tokens: _, ...metrics } = last ?? {}
  return {
    lines: [
      `${directory}: step ${step}, epoch ${epoch.toFixed(2)}`,
      ...Object.entries(metrics).map(([name, value]) => `  ${name.padEnd(28)}${Number(value.toPrecision(5))}`),
      ...curveLines(rows),
      state(finished),
    ],
    finished,
    json: last ?? {},
  }
}

const state = (finished: boolean): string => (finished ? 'finished' : 'running, or stopped')
