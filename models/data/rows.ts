/**
 * What one line of training data says, whatever shape it had in the file; and the interpretations of it that losses ask for:
 * labelled completions (KTO), pairs (DPO), demonstrations (SFT).
 *
 *     Row = Row<string>    prompt and completion as texts        Dialogue = Row<Turn[], Turn>    as turns, not yet rendered
 */
import { DataError } from '../io/errors.ts'
import type { ConversationSetting, Turn } from '../text/conversation.ts'
import type { DataValues } from './example.ts'

/** What every row may say. */
interface Weighed extends DataValues {
  /** How much it counts, from 0 on. Default: 1. */
  readonly weight?: number
}

/** A completion that a human found desirable (`label: true`) or undesirable. */
export interface Labelled<P = string, C = P> extends Weighed {
  readonly tag: 'labelled'
  readonly prompt: P
  readonly completion: C
  readonly label: boolean
}

/** Two completions of one prompt, of which a human preferred the first. */
export interface Paired<P = string, C = P> extends Weighed {
  readonly tag: 'paired'
  readonly prompt: P
  readonly chosen: C
  readonly rejected: C
}

/** A completion to imitate. */
export interface Demonstration<P = string, C = P> extends Weighed {
  readonly tag: 'demonstration'
  readonly prompt: P
  readonly completion: C
}

/** Text to model as it is. */
export interface RowText extends Weighed {
  readonly tag: 'text'
  readonly text: string
}

/** One row of a data file, as text: a labelled completion, a pair, a demonstration, or plain text. */
export type Row = Labelled | Paired | Demonstration | RowText

/** A row of a conversation: the turns before the completion, and the completion as a turn. */
export type Dialogue = (Labelled<readonly Turn[], Turn> | Paired<readonly Turn[], Turn> | Demonstration<readonly Turn[], Turn>) & {
  readonly setting?: ConversationSetting
}

/** A row, and what whoever reads the file should know of it. */
export interface RowRead<R = Row> {
  readonly row: R
  readonly notes: readonly string[]
  /** What the record is, where a preset says it. */
  readonly preset?: string
}

/**
 * n pairs as 2n labelled completions, each pair's chosen one followed by its rejected one.
 * @example
 * ```ts
 * import { pairsToLabelled } from 'halograd/models'
 * const labelled = pairsToLabelled([{ tag: 'paired', prompt: '2 + 2 =', chosen: ' 4', rejected: ' 5' }])
 * ```
 */
export const pairsToLabelled = (pairs: readonly Paired[]): readonly Labelled[] =>
  pairs.flatMap(({ tag: _, chosen, rejected, ...shared }): readonly Labelled[] => [
    { ...shared, tag: 'labelled', completion: chosen, label: true },
    { ...shared, tag: 'labelled', completion: rejected, label: false },
  ])

/**
 * Labelled completions as pairs: of each prompt, the first desirable completion against the first undesirable one, and so on. Each is used once;
 * `alone` are those that nothing was left for. A pair weighs the mean of the two.
 * @example
 * ```ts
 * import { labelledToPairs } from 'halograd/models'
 * const { pairs, alone } = labelledToPairs([
 *   { tag: 'labelled', prompt: '2 + 2 =', completion: ' 4', label: true },
 *   { tag: 'labelled', prompt: '2 + 2 =', completion: ' 5', label: false },
 * ])
 * ```
 */
export const labelledToPairs = (rows: readonly Labelled[]): { readonly pairs: readonly Paired[]; readonly alone: readonly Labelled[] } => {
  const byPrompt = new Map<string, Labelled[]>()
  for (const row of rows) {
    const those = byPrompt.get(row.prompt)
    if (those === undefined) byPrompt.set(row.prompt, [row])
    else those.push(row)
  }
  const [pairs, alone]: [Paired[], Labelled[]] = [[], []]
  for (const those of byPrompt.values()) {
    const [chosen, rejected] = [those.filter(({ label }) => label), those.filter(({ label }) => !label)]
    const both = Math.min(chosen.length, rejected.length)
    for (let i = 0; i < both; i++) pairs.push(pairOf(chosen[i]!, rejected[i]!))
    alone.push(...chosen.slice(both), ...rejected.slice(both))
  }
  return { pairs, alone }
}

const pairOf = (better: Labelled, worse: Labelled): Paired => {
  const pair = { tag: 'paired', prompt: better.prompt, chosen: better.completion, rejected: worse.completion } as const
  const weight = ((better.weight ?? 1) + (worse.weight ?? 1)) / 2
  return weight === 1 ? pair : { ...pair, weight }
}

/**
 * Labelled completions: those given, or both sides of pairs.
 * @param file named in errors only
 * @throws DataError for rows that carry no judgement
 * @example
 * ```ts
 * import { asLabelled } from 'halograd/models'
 * const labelled = asLabelled([{ tag: 'paired', prompt: '2 + 2 =', chosen: ' 4', rejected: ' 5' }], 'pairs.jsonl')
 * ```
 */
export const asLabelled = (rows: readonly Row[], file: string): readonly Labelled[] =>
  rows.flatMap((row) => {
    if (row.tag === 'labelled') return [row]
    if (row.tag === 'paired') return pairsToLabelled([row])
    throw unsuited(row, file, 'labelled completions or pairs', 'Add "label": true or false to every line.')
  })

/**
 * The rows as pairs.
 * @param file named in errors only
 * @throws DataError for rows of any other kind
 * @example
 * ```ts
 * import { asPairs } from 'halograd/models'
 * const pairs = asPairs([{ tag: 'paired', prompt: '2 + 2 =', chosen: ' 4', rejected: ' 5' }], 'pairs.jsonl')
 * ```
 */
export const asPairs = (rows: readonly Row[], file: string): readonly Paired[] =>
  rows.map((row) => {
    if (row.tag === 'paired') return row
    throw unsuited(row, file, 'pairs', 'Give lines {"prompt", "chosen", "rejected"}, or use a loss that learns from labels, such as KTO.')
  })

/**
 * What there is to imitate: demonstrations, desirable and chosen completions, whole texts (after an empty prompt).
 * @example
 * ```ts
 * import { asDemonstrations } from 'halograd/models'
 * const shown = asDemonstrations([{ tag: 'labelled', prompt: '2 + 2 =', completion: ' 4', label: true }])
 * ```
 */
export const asDemonstrations = (rows: readonly Row[]): readonly Demonstration[] =>
  rows
    .filter((row) => row.tag !== 'labelled' || row.label)
    .map((row) => ({ tag: 'demonstration', ...imitated(row), ...(row.weight !== undefined && { weight: row.weight }) }))

const imitated = (row: Row): Pick<Demonstration, 'prompt' | 'completion'> => {
  switch (row.tag) {
    case 'demonstration':
    case 'labelled':
      return { prompt: row.prompt, completion: row.completion }
    case 'paired':
      return { prompt: row.prompt, completion: row.chosen }
    case 'text':
      return { prompt: '', completion: row.text }
  }
}

const unsuited = (row: Row, file: string, expected: string, advice: string): DataError =>
  new DataError({
    file,
    expected,
    found: row.tag === 'text' ? 'plain texts' : row.tag === 'paired' ? 'pairs' : `${row.tag} completions`,
    advice,
  })
