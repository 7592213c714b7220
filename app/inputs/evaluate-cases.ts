/** Losses on numbers from a file: the cases, each with its settings, under our names or under another library's. */

import { reference } from '../../backends/index.ts'
import { own } from '../../core/internal.ts'
import { catalogue, find, getOrThrow, noLosses, upstream } from '../../halos/index.ts'
import { type Case, type CaseResult, type Column, evaluateCase } from '../../halos/internal.ts'
import { DataError, readText } from '../../models/index.ts'
import { parseJson } from '../../models/internal.ts'
import { UsageError } from '../terminal/errors.ts'
import { scalarOf } from '../terminal/json.ts'
import { findLoss } from './losses.ts'

type CaseSettings = Readonly<Record<string, number>>
export interface GivenCase extends Case {
  readonly hyper?: Readonly<Record<string, unknown>>
}

/** A loss by its name or file, or by another library's name for it; what is set here goes before the settings of a case. */
export type CaseQuestion = { readonly settings: CaseSettings } & ({ readonly name: string } | { readonly entry: string })

/** The answers, in the order of the cases of a file. @throws DataError, UsageError, EvidenceError */
export const evaluateFile = async (question: CaseQuestion, file: string): Promise<readonly CaseResult[]> =>
  evaluateCases(question, casesOf(await readText(file), file))

/** The answers, in the order of the cases. @throws UsageError, EvidenceError */
export const evaluateCases = async (question: CaseQuestion, cases: readonly GivenCase[]): Promise<readonly CaseResult[]> => {
  const evaluate = 'entry' in question ? await byEntry(question.entry, question.settings) : await byName(question.name, question.settings)
  const answers: CaseResult[] = []
  for (const given of cases) answers.push(await evaluate(given))
  return answers
}

type EvaluateCases = (given: GivenCase) => Promise<CaseResult>

/** Hyper-parameters of a case that the loss knows are its settings. */
const byName = async (name: string, settings: CaseSettings): Promise<EvaluateCases> => {
  const defaults = find(await catalogue(), name)?.defaults ?? {}
  return async (given) => {
    const own = Object.entries(given.hyper ?? {}).flatMap(([key, value]) =>
      Object.hasOwn(defaults, key) && typeof value === 'number' ? [[key, value]] : [],
    )
    return evaluateCase(reference(), await findLoss(name, { ...Object.fromEntries(own), ...settings }), given)
  }
}

/** …under the name, and with the conventions, of another library: undesirable examples may come last. */
const byEntry = async (entry: string, settings: CaseSettings): Promise<EvaluateCases> => {
  const theirs = own(upstream, entry)
  if (theirs === undefined) throw new UsageError(`--entry: ${own(noLosses, entry) ?? `there is no '${entry}'. ${similar(entry)}`}`)
  const family = find(await catalogue(), theirs.family)
  return async (given) => {
    const hyper = given.hyper ?? {}
    const loss = getOrThrow(family!({ ...theirs.settings(hyper), ...settings }))
    const answer = await evaluateCase(reference(), loss, given, theirs.conventions(hyper))
    const { labels = [] } = given.inputs
    const desirableFirst = [true, false].flatMap((label) => answer.losses.filter((_, i) => Number(labels[i]) > 0 === label))
    return theirs.desirableFirst ? { ...answer, losses: desirableFirst } : answer
  }
}

/** Entries that share a part of the name; all of them are too many to read. */
const similar = (entry: string): string => {
  const parts = entry.toLowerCase().split('/')
  const like = Object.keys(upstream).filter((name) => name.split('/').some((part) => parts.includes(part)))
  return like.length > 0
    ? `Did you mean ${like.slice(0, 12).join(', ')}?`
    : `There are ${Object.keys(upstream).length}, such as trl_main/kto/kto.`
}

const casesOf = (text: string, file: string): readonly GivenCase[] => {
  const json = parseJson(text)
  const wrong = (expected: string, found: string) =>
    new DataError({ file, expected, found, advice: 'Write [{"id": "…", "inputs": {"policy_logps": [-1.5, …], …}}, …].' })
  if (!Array.isArray(json)) throw wrong('a JSON array of cases', json === undefined ? 'malformed JSON' : typeof json)
  return json.map((given: unknown, i): GivenCase => {
    if (!isRecord(given) || !isRecord(given.inputs)) throw wrong(`case ${i} with "inputs"`, JSON.stringify(given).slice(0, 60))
    const inputs = Object.entries(given.inputs).map(([name, column]) => {
      const refused = wrong(`case ${i}, input ${name}: numbers, or rows of equally many`, JSON.stringify(column).slice(0, 60))
      return [name, columnOf(column, refused)] as const
    })
    return { ...given, inputs: Object.fromEntries(inputs) }
  })
}
/** One number an example, or a row of them, one a token. */
const columnOf = (column: unknown, refused: DataError): Column => {
  if (!Array.isArray(column)) throw refused
  const rows = column.filter(Array.isArray).length
  if (rows > 0 && (rows < column.length || new Set(column.map((row: readonly unknown[]) => row.length)).size > 1)) throw refused
  const scalar = (x: unknown): number | boolean => {
    const found = scalarOf(x)
    if (found === undefined) throw refused
    return found
  }
  return rows > 0 ? column.map((row: readonly unknown[]) => row.map((x) => Number(scalar(x)))) : column.map(scalar)
}
const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)
