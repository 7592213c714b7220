/** `halograd data convert --to trl | openai | llama-factory | …`: rows in the shape of another program, read as an import reads them. */
import { DataError, type ImportOptions, importing, writeAtomically } from '../../models/index.ts'
import { presetNamed, presetOf, type Reading, writersOf } from '../../models/internal.ts'
import { localPath } from '../inputs/hub.ts'
import { type ReadingOptions, reading } from '../inputs/options.ts'
import { some } from '../inputs/repetitions.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { linesOf } from './importing.ts'

interface WriteOptions extends ReadingOptions {
  readonly to: string
  readonly skip?: true
  readonly json?: true
}

/** @throws UsageError, FileError; DataError for lines that cannot be used, unless they are skipped */
export const writeFor = async (terminal: Terminal, from: string, out: string, { to, skip, json, ...how }: WriteOptions): Promise<void> => {
  const target = presetNamed(to)
  const writers = writersOf(target)
  const kinds = (['labels', 'pairs', 'demonstrations'] as const).filter((kind) => writers[kind] !== undefined)
  if (kinds.length === 0) throw new UsageError(`--to ${to}: ${target.title} are read, not written`)
  const file = await localPath(from, 'dataset', terminal)
  const { mappings } = await presetOf([file], reading(how))
  const as = await kindFor(file, mappings, kinds, reading(how))
  const write = writers[as]!
  const { rows, summary } = importing([file], mappings, { as, ...reading(how), ...(skip && { skip }) })
  async function* made(): AsyncGenerator<unknown> {
    for await (const row of rows) yield write(row)
    const [lost] = Object.entries(summary().dropped)
    if (lost === undefined || skip) return
    const [reason, places] = lost
    throw new DataError({
      file: from,
      expected: `rows that make ${as}`,
      found: `${places.length} that do not (${some(places)}): ${reason}`,
      advice: 'Correct them, or leave them out: --skip.',
    })
  }
  await writeAtomically(out, linesOf(made()))
  const { rows: written, dropped } = summary()
  const left = Object.values(dropped).flat()
  if (json) terminal.print(`${JSON.stringify({ out, to, as, written, left: left.length })}\n`)
  terminal.say(
    `${written} ${as} written to ${out} as ${target.title}${left.length === 0 ? '' : `; ${left.length} left out: ${some(left)}`}`,
  )
}

/** What the file says, if the target has it; else what it can be made of. */
const kindFor = async (
  file: string,
  mappings: Parameters<typeof importing>[1],
  kinds: readonly Reading[],
  how: ImportOptions,
): Promise<Reading> => {
  const { rows, summary } = importing([file], mappings, how)
  for await (const _ of rows) break
  const own = summary().as ?? 'demonstrations'
  const [first, ...others] = kinds.includes(own) ? [own] : kinds.filter((kind) => own !== 'demonstrations' || kind === own)
  if (first !== undefined) return others.includes('pairs') && own === 'labels' ? 'pairs' : first
  throw new DataError({ file, expected: kinds.join(' or '), found: own, advice: 'Choose a shape that has them.' })
}
