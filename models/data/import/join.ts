/**
 * Answers with what was said of them, from records that say both or must be put together: a verdict and a text by an id, a message and those before it by
 * its parents or by its thread.
 *
 *     judged = { (text, verdict) : about(verdict) = id(text) }        prompt(message) = what stands above it
 *
 * The files are read twice where that is needed: first for verdicts and ids, then for the texts that somebody judged. No other text is kept.
 */
import type { Json } from '../../io/fields.ts'
import type { Flaw } from '../../io/records.ts'
import { canonicalOf, fieldOf } from './fields.ts'
import type { Mapping } from './mapping.ts'
import { columnsOf, isRated, type Verdict, verdictIn } from './verdicts.ts'

/** A record, the mapping that it fits, and where it stands: `export.json:17`. */
export interface ConversationPiece {
  readonly mapping: Mapping
  readonly record: Json
  readonly place: string
}

/** An answer in halograd's own fields, without a label; and what was said of it, if anything. */
export interface JudgedText {
  readonly said: Json
  readonly verdict?: Verdict
  /** What the text is to be chosen by. */
  readonly columns: Json
  /** What is wrong with the text, if anything. */
  readonly flaw?: Flaw
  /** Whether it is for somebody to judge: without a verdict it is unrated, and no row. */
  readonly awaits: boolean
  readonly place: string
}

/** Verdicts that no text belongs to, and ids of texts, to say so. */
export interface Unmet {
  readonly verdicts: readonly (readonly [id: string, verdict: Verdict])[]
  readonly texts: readonly string[]
}

const isMessage = ({ parent, thread }: Mapping): boolean => parent !== undefined || thread !== undefined
const needsJoin = (mapping: Mapping): boolean => mapping.about !== undefined || isMessage(mapping)

/** A verdict alone: it is about another record. */
const isVerdict = ({ about }: Mapping): boolean => about !== undefined

/** Whether the mappings need the files twice. */
export const isJoined = (mappings: readonly Mapping[]): boolean => mappings.some(needsJoin)

const idOf = (field: Mapping['id'], record: Json): string | undefined => {
  const id = fieldOf(field, record)
  return id === undefined ? undefined : String(id)
}

/** Answers one after another, with what each record itself says of them. */
export async function* alone(pieces: AsyncIterable<ConversationPiece>): AsyncGenerator<JudgedText> {
  for await (const piece of pieces) yield judged(piece)
}

const judged = ({ mapping, record, place }: ConversationPiece): JudgedText => {
  const { label: _, ...said } = canonicalOf(mapping, record)
  const draw = mapping.chosen !== undefined && !('chosen' in said) && !('rejected' in said)
  const awaits = mapping.verdict !== undefined || mapping.correction !== undefined || mapping.id !== undefined || draw
  const [flaw] = mapping.check?.(record) ?? []
  return { said, verdict: verdictIn(mapping, record, place), columns: columnsOf(mapping, record), ...(flaw && { flaw }), awaits, place }
}

/** The same, put together. @param read gives all pieces again, each time it is called */
export async function* joined(read: () => AsyncIterable<ConversationPiece>, unmet: (unmet: Unmet) => void): AsyncGenerator<JudgedText> {
  const { verdicts, before } = await survey(read())
  const [held, messages, texts] = [new Map<string, JudgedText>(), new Map<string, Message>(), new Set<string>()]
  const needed = new Set([...verdicts.keys()].flatMap((id) => [...before(id), id]))
  const met = new Set<string>()
  for await (const piece of read()) {
    const { mapping, record, place } = piece
    if (isVerdict(mapping)) continue
    const id = idOf(mapping.id, record)
    const given = id === undefined ? undefined : verdicts.get(id)
    if (id !== undefined && texts.size < 3) texts.add(id)
    if (id !== undefined) met.add(id)
    if (isMessage(mapping)) {
      if (id !== undefined && needed.has(id))
        messages.set(id, { turns: turnsIn(mapping, record), columns: columnsOf(mapping, record), place })
      if (given === undefined && isAnswer(mapping, record)) yield { said: {}, columns: {}, awaits: true, place }
    } else if (given === undefined || given.every((each) => each.place === place)) yield judged(piece)
    else held.set(id!, judged(piece))
  }
  for (const [id, given] of verdicts) {
    const message = messages.get(id)
    const text = message ? { ...message, said: { messages: conversation([...before(id), id], messages) } } : held.get(id)
    if (text !== undefined) for (const verdict of merged(given)) yield { ...text, awaits: true, verdict }
  }
  unmet({
    verdicts: [...verdicts].filter(([id]) => !met.has(id)).flatMap(([id, given]) => given.map((each) => [id, each] as const)),
    texts: [...texts],
  })
}

/** Who judged what, and what stands before each message. */
const survey = async (pieces: AsyncIterable<ConversationPiece>) => {
  const verdicts = new Map<string, Verdict[]>()
  const parents = new Map<string, string>()
  const threads = new Map<string, { readonly id: string; readonly time: unknown }[]>()
  const threadOf = new Map<string, string>()
  for await (const { mapping, record, place } of pieces) {
    const id = idOf(mapping.id, record)
    const about = isVerdict(mapping) ? idOf(mapping.about, record) : id
    const verdict = verdictIn(mapping, record, place)
    if (about !== undefined && isRated(verdict)) verdicts.set(about, [...(verdicts.get(about) ?? []), verdict])
    if (id === undefined || isVerdict(mapping)) continue
    const [parent, thread] = [idOf(mapping.parent, record), idOf(mapping.thread, record)]
    if (parent !== undefined) parents.set(id, parent)
    if (thread === undefined) continue
    threadOf.set(id, thread)
    const those = threads.get(thread) ?? []
    those.push({ id, time: fieldOf(mapping.time, record) })
    threads.set(thread, those)
  }
  for (const those of threads.values()) those.sort((a, b) => compared(a.time, b.time))
  const above = (id: string): readonly string[] => {
    const chain: string[] = []
    for (let at = parents.get(id); at !== undefined && !chain.includes(at); at = parents.get(at)) chain.unshift(at)
    return chain
  }
  const earlier = (id: string): readonly string[] => {
    const ids = (threads.get(threadOf.get(id) ?? '') ?? []).map((each) => each.id)
    return ids.slice(0, ids.indexOf(id))
  }
  return { verdicts, before: (id: string) => (threadOf.has(id) ? earlier(id) : above(id)) }
}

/** By time, as far as it is told; numbers by size, texts (ISO 8601) by letter. */
const compared = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : 0
}

const isAnswer = (mapping: Mapping, record: Json): boolean => turnsIn(mapping, record).some((turn) => turn.role === 'assistant')

/** The turns of a record that is one message, or one exchange. */
const turnsIn = (mapping: Mapping, record: Json): readonly Json[] => {
  if (mapping.content === undefined)
    return [
      { role: 'user', content: fieldOf(mapping.prompt, record) },
      { role: 'assistant', content: fieldOf(mapping.completion, record) },
    ]
  const role = fieldOf(mapping.role, record)
  return role === undefined ? [] : [{ role, content: fieldOf(mapping.content, record) ?? '' }]
}

interface Message {
  readonly turns: readonly Json[]
  readonly columns: Json
  readonly place: string
}
const conversation = (ids: readonly string[], messages: ReadonlyMap<string, Message>): readonly Json[] =>
  ids.flatMap((id) => messages.get(id)?.turns ?? [])

/** Several verdicts on one answer: the same one counts once; a verdict and a correction belong together. */
const merged = (given: readonly Verdict[]): readonly Verdict[] => {
  const judged = [
    ...new Map(
      given.filter(({ correction }) => correction === undefined).map((each) => [JSON.stringify([each.raw, each.columns.name]), each]),
    ).values(),
  ]
  const corrections = given.filter(({ correction }) => correction !== undefined)
  const [first, ...rest] = judged
  const [correction, ...others] = corrections
  if (first === undefined || correction === undefined) return [...judged, ...corrections]
  return [
    { ...correction, ...first, correction: correction.correction, columns: { ...correction.columns, ...first.columns } },
    ...rest,
    ...others,
  ]
}
