/** `halograd data convert`: a file of training data in the shape that another loss asks for. */
import { extname } from 'node:path'
import {
  asDemonstrations,
  asLabelled,
  chatOf,
  DataError,
  labelledToPairs,
  type Row,
  readUsable,
  writeAtomically,
} from '../../models/index.ts'
import { throwAll } from '../../models/internal.ts'
import { tokenizerFor } from '../inputs/checkpoint.ts'
import { localPath } from '../inputs/hub.ts'
import { type ReadingOptions, reading } from '../inputs/options.ts'
import { some } from '../inputs/repetitions.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { DataShape } from './commands/data.ts'

interface ConversionOptions extends ReadingOptions {
  readonly to: DataShape
  readonly model?: string
  readonly skip?: true
  readonly json?: true
}

/** @throws UsageError, FileError; DataError for lines that cannot be used, or that do not say what is asked for */
export const convert = async (
  terminal: Terminal,
  from: string,
  out: string,
  { to, model, skip, json, ...how }: ConversionOptions,
): Promise<void> => {
  if (extname(out) !== '.jsonl') throw new UsageError(`${out}: what is written is JSON Lines; give a path that ends in .jsonl`)
  const chat = model === undefined ? undefined : chatOf(await tokenizerFor(model, terminal))
  const { rows, findings, notes } = await readUsable(await localPath(from, 'dataset', terminal), { ...chat, ...reading(how) })
  if (!skip) throwAll(DataError, findings)
  const { made, left, why } = converted(rows, from, to)
  if (made.length === 0)
    throw new DataError({
      file: from,
      expected: `rows that make ${to}`,
      found: `${rows.length} that do not`,
      advice: `All of them ${why}.`,
    })
  await writeAtomically(out, linesOf(made))
  for (const [note, lines] of notes) terminal.say(`warning: ${lines.length} lines: ${note}: ${some(lines)}`)
  const skipped = [...new Set(findings.map(({ line }) => line))].filter((line) => line !== undefined)
  if (skipped.length > 0)
    terminal.say(`warning: ${skipped.length} lines that cannot be used are skipped: ${some(skipped)} (halograd data check says why)`)
  if (json) terminal.print(`${JSON.stringify({ out, to, read: rows.length, skipped, written: made.length, left })}\n`)
  terminal.say(
    `${rows.length} rows read, ${made.length} ${to} written to ${out}${left === 0 ? '' : `; ${left} rows left out: they ${why}`}`,
  )
}

interface Converted {
  readonly made: readonly Row[]
  /** Rows that came to nothing, and why. */
  readonly left: number
  readonly why: string
}

const converted = (rows: readonly Row[], file: string, to: DataShape): Converted => {
  switch (to) {
    case 'labels':
      return { made: asLabelled(rows, file), left: 0, why: 'carry no judgement' }
    case 'demonstrations': {
      const made = asDemonstrations(rows)
      return { made, left: rows.length - made.length, why: 'are undesirable' }
    }
    case 'pairs': {
      if (rows[0]?.tag === 'paired') return { made: rows, left: 0, why: 'are pairs already' }
      const { pairs, alone } = labelledToPairs(asLabelled(rows, file))
      return { made: pairs, left: alone.length, why: 'have no counterpart of the other label for the same prompt' }
    }
  }
}

/** Rows as JSON Lines, some thousand at a time. */
function* linesOf(rows: readonly Row[]): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  const line = ({ tag: _, ...row }: Row): string => `${JSON.stringify(row)}\n`
  for (let i = 0; i < rows.length; i += 1000)
    yield encoder.encode(
      rows
        .slice(i, i + 1000)
        .map(line)
        .join(''),
    )
}
