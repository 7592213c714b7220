/** `halograd data import`: the thumbs, scores and corrections of another tool as rows that training reads; and a report of what became of them. */
import { extname } from 'node:path'
import { type Balance, type ImportOptions, importing, weigh, writeAtomically } from '../../models/index.ts'
import { type ImportSummary, type Mapping, pathOf, presetNamed, presetOf } from '../../models/internal.ts'
import { localPath } from '../inputs/hub.ts'
import { reading as readingOf } from '../inputs/options.ts'
import { some } from '../inputs/repetitions.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { ImportCommandOptions } from './commands/data.ts'
import { mappingOptions } from './mapping-options.ts'

/** @throws UsageError, FileError; DataError where the files make no rows, or the rows would not mean what somebody said: then nothing is written */
export const importFiles = async (terminal: Terminal, names: readonly string[], options: ImportCommandOptions): Promise<void> => {
  const { out, as, where, skip, stripReasoning } = options
  if (extname(out) !== '.jsonl') throw new UsageError(`${out}: what is written is JSON Lines; give a path that ends in .jsonl`)
  const files = await Promise.all(names.map((name) => localPath(name, 'dataset', terminal)))
  const { title, mappings } = await mappingsFor(files, options)
  terminal.say(`reading ${names.join(', ')} as ${title}`)
  const reading = {
    ...(as && { as }),
    ...(where && { where }),
    ...(skip && { skip }),
    ...(stripReasoning && { stripReasoning }),
    ...readingOf(options),
  }
  const weights = options.balance && (await weightsFor(files, mappings, reading))
  const { rows, summary } = importing(files, mappings, weights ? { ...reading, weights } : reading)
  await writeAtomically(out, linesOf(rows))
  if (options.json) terminal.print(`${JSON.stringify({ out, preset: title, ...summary(), ...(weights && { weights }) })}\n`)
  for (const line of report(summary(), out, weights || undefined)) terminal.say(line)
}

/** What --balance weighs rows by: the rule of KTO, from a first reading of the files. */
const weightsFor = async (files: readonly string[], mappings: readonly Mapping[], options: ImportOptions): Promise<Balance | undefined> => {
  const { rows, summary } = importing(files, mappings, options)
  for await (const _ of rows);
  return weigh(summary()).better
}

/** JSON Lines, in pieces of about so many characters. */
export async function* linesOf(rows: AsyncIterable<unknown>, piece = 2 ** 16): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let lines = ''
  for await (const row of rows) {
    lines += `${JSON.stringify(row)}\n`
    if (lines.length < piece) continue
    yield encoder.encode(lines)
    lines = ''
  }
  yield encoder.encode(lines)
}

// ------------------------------------------------------------------ mappings

interface Mapped {
  readonly title: string
  readonly mappings: readonly Mapping[]
}

/** A preset's mappings, changed by what the options say; or, where they say where the texts are, a mapping of their own. */
const mappingsFor = async (files: readonly string[], options: ImportCommandOptions): Promise<Mapped> => {
  const given = Object.fromEntries(
    Object.entries(options).flatMap(([name, path]) =>
      Object.hasOwn(mappingOptions, name) && typeof path === 'string' ? [[name, checkedPath(name, path)]] : [],
    ),
  )
  const scale = {
    ...(options.good !== undefined && { good: values(options.good) }),
    ...(options.bad !== undefined && { bad: values(options.bad) }),
  }
  const own = ['messages', 'prompt', 'completion', 'chosen', 'text', 'content'].some((name) => Object.hasOwn(given, name))
  if (own && options.from === undefined)
    return { title: 'records of your mapping', mappings: split({ keys: [], ...given, ...scale, columns: columnsFor(options) }) }
  const preset = options.from === undefined ? await presetOf(files, readingOf(options)) : presetNamed(options.from)
  const judging = ({ verdict }: Mapping): boolean => verdict !== undefined || 'verdict' in given
  return {
    title: preset.title,
    mappings: preset.mappings.map((mapping) => ({
      ...mapping,
      ...given,
      ...(judging(mapping) ? scale : {}),
      columns: { ...columnsFor(options), ...mapping.columns },
    })),
  }
}

/** Verdicts that are about other records, and the texts of these, are two kinds of records. */
const split = (mapping: Mapping): readonly Mapping[] => {
  if (mapping.about === undefined) return [mapping]
  const { about, verdict, correction, good, bad, ...text } = mapping
  const paths = [text.messages, text.prompt, text.completion, text.content].filter((path) => typeof path === 'string')
  const judgement = [about, verdict ?? correction].filter((path) => typeof path === 'string')
  return [
    { ...text, keys: paths },
    {
      keys: judgement,
      about,
      columns: mapping.columns ?? {},
      ...(verdict && { verdict }),
      ...(correction && { correction }),
      ...(good && { good }),
      ...(bad && { bad }),
    },
  ]
}

/** Columns that --where asks for, as paths: a preset's own columns of these names come before them. */
const columnsFor = ({ where = {} }: ImportCommandOptions): Mapping['columns'] & object =>
  Object.fromEntries(Object.keys(where).map((name) => [name, checkedPath('where', name)]))

const checkedPath = (name: string, path: string): string => {
  try {
    pathOf(path)
    return path
  } catch (error) {
    throw new UsageError(
      `--${name} ${path}: expected a JSONPath, such as data.rating or $.choices[0].message: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** Values between commas. Quotes are for the shell of whoever needs them. */
const values = (text: string): readonly string[] => text.split(',').map((value) => value.trim().replace(/^(["'])(.*)\1$/, '$2'))

// ------------------------------------------------------------------ report

const report = (
  { found, rated, rows, as, desirable, undesirable, dropped, skipped, reasoning }: ImportSummary,
  out: string,
  weights: Balance | undefined,
): readonly string[] => {
  const { better } = weigh({ desirable, undesirable })
  const share = rated === 0 ? '' : `, ${rated} rated`
  return [
    `${found} answers found${share}; ${rows} ${as ?? 'rows'} written to ${out}`,
    ...Object.entries(dropped).map(([reason, places]) => `  ${places.length} dropped: ${reason} (${some(places)})`),
    ...(skipped.length === 0 ? [] : [`  ${skipped.length} malformed records skipped: ${some(skipped)}`]),
    ...(as === 'labels' ? [`labels: ${desirable} desirable, ${undesirable} undesirable${balanced(better, weights)}`] : []),
    ...(reasoning === 0
      ? []
      : [`warning: ${reasoning} completions hold what the model thought before it answered: --strip-reasoning leaves it out`]),
  ]
}

const balanced = (better: Balance | undefined, weights: Balance | undefined): string => {
  const said = ({ desirable, undesirable }: Balance): string => `λ_D = ${round(desirable)}, λ_U = ${round(undesirable)}`
  if (weights !== undefined) return `; weighted by ${said(weights)}`
  return better === undefined ? '' : `; ${said(better)} would balance them (--balance)`
}
const round = (x: number): number => Number(x.toPrecision(3))
