/** Losses on numbers from a file: the cases, each with its settings, under our names or under another library's. */
import { reference } from '../backends/index.ts'
import { type Answer, type Case, catalogue, certain, evaluateCase, upstream } from '../halos/index.ts'
import { DataError, parseJson, readText } from '../models/index.ts'
import { UsageError } from './errors.ts'
import { findLoss } from './losses.ts'

type Settings = Readonly<Record<string, number>>
interface GivenCase extends Case {
  readonly hyper?: Readonly<Record<string, unknown>>
}

export interface Question {
  readonly name: string | undefined
  readonly entry: string | undefined
  readonly settings: Settings
  readonly file: string
}

/** The answers, in the order of the cases. @throws DataError, UsageError, EvidenceError */
export const evaluateFile = async ({ name, entry, settings, file }: Question): Promise<readonly Answer[]> => {
  const evaluate = entry === undefined ? await byName(name ?? '', settings) : await byEntry(entry, settings)
  const answers: Answer[] = []
  for (const given of casesOf(await readText(file), file)) answers.push(await evaluate(given))
  return answers
}

type Evaluate = (given: GivenCase) => Promise<Answer>

/** Hyper-parameters of a case that the loss knows are its settings, unless the command line sets them. */
const byName = async (name: string, settings: Settings): Promise<Evaluate> => {
  const defaults = (await findFamily(name))?.defaults ?? {}
  return async (given) => {
    const own = Object.entries(given.hyper ?? {}).flatMap(([key, value]) =>
      key in defaults && typeof value === 'number' ? [[key, value]] : [],
    )
    return evaluateCase(reference(), await findLoss(name, { ...Object.fromEntries(own), ...settings }), given)
  }
}

/** …under the name, and with the conventions, of another library: undesirable examples may come last. */
const byEntry = async (entry: string, settings: Settings): Promise<Evaluate> => {
  const theirs = upstream[entry]
  if (theirs === undefined) throw new UsageError(`--entry: there is no '${entry}'. ${similar(entry)}`)
  const family = await findFamily(theirs.family)
  return async (given) => {
    const hyper = given.hyper ?? {}
    const loss = certain(family!({ ...theirs.settings(hyper), ...settings }))
    const answer = await evaluateCase(reference(), loss, given, theirs.conventions(hyper))
    const { labels = [] } = given.inputs
    const desirableFirst = [true, false].flatMap((label) => answer.losses.filter((_, i) => Boolean(labels[i]) === label))
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

const findFamily = async (name: string) => (await catalogue()).find(({ key }) => key === name.toLowerCase())

const casesOf = (text: string, file: string): readonly GivenCase[] => {
  const json = parseJson(text)
  const wrong = (expected: string, found: string) =>
    new DataError({ file, expected, found, advice: 'Write [{"id": "…", "inputs": {"policy_logps": [-1.5, …], …}}, …].' })
  if (!Array.isArray(json)) throw wrong('a JSON array of cases', json === undefined ? 'malformed JSON' : typeof json)
  return json.map((given: unknown, i): GivenCase => {
    if (!isRecord(given) || !isRecord(given.inputs)) throw wrong(`case ${i} with "inputs"`, JSON.stringify(given).slice(0, 60))
    for (const [name, column] of Object.entries(given.inputs))
      if (!Array.isArray(column) || !column.flat().every((x) => typeof x === 'number' || typeof x === 'boolean'))
        throw wrong(`case ${i}, input ${name}: numbers`, JSON.stringify(column).slice(0, 60))
    return given as unknown as GivenCase // checked: every input is a column of numbers or of rows of them
  })
}
const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)
