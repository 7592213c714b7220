/**
 * Rows from judged answers: as labels (KTO), as pairs (DPO) or as demonstrations. Two answers to one prompt with opposite verdicts are a pair, and so are a
 * correction and what it corrects; as labels, a pair is two. Never both at once.
 */
import { createHash } from 'node:crypto'
import { either as E } from 'fp-ts'
import { isObject, type Json } from '../../io/fields.ts'
import type { Flaw } from '../../io/records.ts'
import type { Turn } from '../../text/conversation.ts'
import type { Dialogue, Row } from '../rows.ts'
import { ownOf } from '../shapes.ts'
import type { Verdict } from './verdicts.ts'

export type Reading = 'labels' | 'pairs' | 'demonstrations'

/** A row as it is written, for a file of training data. */
export type Written = Json

/** What an answer comes to: rows, or why it is dropped. */
export type MadeRows = E.Either<string, readonly (Row | Dialogue)[]>

/** The rows of an answer, before they are paired with others: a label, a label and its correction, a pair, a demonstration. */
export const rowsFrom = (said: Json, verdict: Verdict | undefined): MadeRows => {
  if (!['messages', 'completion', 'chosen', 'rejected', 'text'].some((name) => Object.hasOwn(said, name)))
    return E.left('no text of the answer')
  if ('chosen' in said || 'rejected' in said || 'text' in said) return read(said)
  const label = verdict?.label ?? (verdict?.correction !== undefined ? false : undefined)
  const judged = read(label === undefined ? said : { ...said, label })
  if (verdict?.correction === undefined || E.isLeft(judged)) return judged
  const [row] = judged.right
  return E.map((better: readonly (Row | Dialogue)[]) => [...judged.right, ...better])(read(replaced(row!, verdict.correction, true)))
}

const read = (json: Json): MadeRows => E.bimap(reasonOf, ({ row }: { readonly row: Row | Dialogue }) => [row])(ownOf(json))

/** A row of the same prompt with another completion. */
const replaced = (row: Row | Dialogue, completion: unknown, label: boolean): Json => {
  const { label: _, completion: old, ...written } = writtenOf(row)
  const turns =
    Array.isArray(old) && !isObject(completion) && !Array.isArray(completion) ? [{ role: 'assistant', content: completion }] : completion
  return { ...written, completion: turns, label }
}

/** Why an answer is dropped, the same words for the same reason. */
export const reasonOf = ([flaw]: readonly Flaw[]): string =>
  flaw === undefined
    ? 'unreadable'
    : `${(flaw.field ?? 'the record').replace(/\[\d+\]/g, '[…]')}: expected ${flaw.expected.slice(0, 80)}, found ${flaw.found.slice(0, 40)}`

/** Pairs of an answer with those it was compared with. */
export const rivalPairs = (row: Row | Dialogue, { label, rivals = [] }: Verdict): readonly Written[] => {
  if (row.tag !== 'labelled' || label === undefined || (!label && rivals.length !== 1)) return []
  const { completion, label: _, ...written } = writtenOf(row)
  return rivals.map((rival) => {
    const other = replaced(row, rival, false).completion
    return label ? { ...written, chosen: completion, rejected: other } : { ...written, chosen: other, rejected: completion }
  })
}

// ------------------------------------------------------------------ written

/** A row as JSON: turns as lists of {role, content}, so that a model's own template writes them. */
export const writtenOf = (row: Row | Dialogue): Written => {
  const { tag: _, ...fields } = row
  const { setting, ...said }: Json = fields
  const { tools, options } = isObject(setting) ? setting : {}
  const entries = Object.entries(said).map(([name, value]) => [name, turnsWritten(value)] as const)
  return {
    ...Object.fromEntries(entries.map(([name, value]) => [name, isObject(value) ? [value] : value])),
    ...(tools !== undefined && { tools }),
    ...(options !== undefined && { chat_template_kwargs: options }),
  }
}

const turnsWritten = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(turnsWritten) : isTurnOf(value) ? { role: value.role, content: value.content, ...value.beside } : value
const isTurnOf = (value: unknown): value is Turn => isObject(value) && 'role' in value && 'content' in value

/** A pair as two labels. */
export const asLabels = (written: Written): readonly Written[] => {
  if (!('chosen' in written)) return [written]
  const { chosen, rejected, ...shared } = written
  return [
    { ...shared, completion: chosen, label: true },
    { ...shared, completion: rejected, label: false },
  ]
}

/** What a good answer is to imitate. */
export const asShown = (written: Written): readonly Written[] => {
  if (written.label === false) return []
  const { chosen, rejected: _, label: __, completion = chosen, ...shared } = written
  return [{ ...shared, ...(completion !== undefined && { completion }) }]
}

// ------------------------------------------------------------------ pairs

interface Candidate {
  readonly written: Written
  readonly place: string
  readonly score?: number
}

export type Pairing = ReturnType<typeof pairing>

/** Waits for the counterpart of each answer: good against bad in their order; of answers with scores, at the end, the best against the worst. */
export const pairing = () => {
  const waiting = new Map<string, Candidate[]>()
  const keyOf = ({ prompt, tools }: Written): string =>
    createHash('sha1')
      .update(JSON.stringify([prompt, tools]))
      .digest('base64')
  return {
    /** The pair that this answer completes, if it does. */
    add: (written: Written, place: string, score?: number): readonly Written[] => {
      if ('chosen' in written) return [written]
      const those = waiting.get(keyOf(written)) ?? []
      const index = score === undefined ? those.findIndex((each) => each.score === undefined && each.written.label !== written.label) : -1
      if (index < 0) {
        waiting.set(keyOf(written), [...those, { written, place, ...(score !== undefined && { score }) }])
        return []
      }
      const [other] = those.splice(index, 1)
      return [written.label === true ? pairOf(written, other!.written) : pairOf(other!.written, written)]
    },
    /** The pairs of scores, and where the answers stand that were left without a counterpart. */
    end: (): { readonly pairs: readonly Written[]; readonly left: readonly string[] } => {
      const [pairs, left]: [Written[], string[]] = [[], []]
      for (const those of waiting.values()) {
        const sorted = those.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))
        const [best, worst] = [sorted[0], sorted.at(-1)]
        const made = best?.score !== undefined && worst?.score !== undefined && best.score > worst.score
        if (made) pairs.push(pairOf(best.written, worst.written))
        left.push(...(made ? sorted.slice(1, -1) : sorted).map(({ place }) => place))
      }
      return { pairs, left }
    },
  }
}

const pairOf = (better: Written, worse: Written): Written => {
  const { completion: chosen, label: _, ...shared } = better
  return { ...shared, chosen, rejected: worse.completion }
}
