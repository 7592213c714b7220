/**
 * From rows of data to what a loss trains on: the shape that its evidence has, as tokens, some of it held out.
 *
 *     pairs for DPO       labels for KTO (a pair is two labels)       demonstrations for SFT
 */
import type { Needs } from '../../halos/index.ts'
import { collect, dataColumns } from '../../halos/internal.ts'
import {
  asDemonstrations,
  asLabelled,
  asPairs,
  type Balance,
  chatOf,
  type Example,
  fit,
  fitTogether,
  type Row,
  type RowOptions,
  shuffle,
  type Tokenizer,
  type TrainingExample,
  type Truncation,
  weigh,
} from '../../models/index.ts'
import { readLines, type TextCut } from '../../models/internal.ts'
import { type Control, usualControl } from './control.ts'
import { localPath } from './hub.ts'
import { some } from './repetitions.ts'

/** A row, and where it stands: `thumbs.jsonl:17`. */
export type Located = Row & { readonly origin: string }

/**
 * The rows of a file, or of `hf:owner/name/file`.
 * @param say prints what takes time
 * @throws FileError, DataError naming line and field of every flaw; UnavailableError for what the hub does not give
 */
export const readLocated = async (file: string, options?: RowOptions, say?: (line: string) => void): Promise<readonly Located[]> => {
  const { rows, lines, notes } = await readLines(await localPath(file, 'dataset', say && { say }), options)
  for (const [note, those] of notes) say?.(`warning: ${file}: ${those.length} lines: ${note}: ${some(those)}`)
  return rows.map((row, i) => ({ ...row, origin: `${file}:${lines[i]}` }))
}

/** How training reads rows: conversations by the model's chat template, those longer than it takes without their first turns, where the prompt is what is cut. */
export const readingFor = (tokenizer: Tokenizer, longest: number, truncate: Truncation): RowOptions => {
  const lengthOf = ({ prompt, completion }: Example): number => prompt.length + completion.length
  return {
    ...chatOf(tokenizer),
    ...(truncate === 'prompt-start' && { fits: ({ prompt, completion }) => lengthOf(exampleOf(tokenizer, prompt, completion)) <= longest }),
  }
}

/** Examples in tokens, as long as they are; without the end alone where the tokenizer knows nothing of a completion. `control` ends the prompts of a loss that needs it. */
export const examplesFor = (
  needs: Needs,
  located: readonly Located[],
  file: string,
  tokenizer: Tokenizer,
  control: Control = usualControl,
): readonly TrainingExample[] => {
  const example = (prompt: string, completion: string): Example => {
    const made = exampleOf(tokenizer, prompt, completion)
    return made.completion.length > endOf(tokenizer).length ? made : { ...made, completion: [] }
  }
  const read = (row: Row): readonly TrainingExample[] => {
    if (needs.pair)
      return asPairs([row], file).map(({ prompt, chosen, rejected }) => ({
        chosen: example(prompt, chosen),
        rejected: example(prompt, rejected),
      }))
    if (needs.label)
      return asLabelled([row], file).map(({ prompt, completion, label }) => {
        const said = needs.control ? control[label ? 'desirable' : 'undesirable'] : ''
        return { outcome: example(prompt + said, completion), label }
      })
    return asDemonstrations([row]).map(({ prompt, completion }) => ({ outcome: example(prompt, completion) }))
  }
  const besideOf = (row: Row) => ({
    ...(row.weight !== undefined && { weight: row.weight }),
    ...collect(dataColumns, (column) => row[column]),
  })
  return located.flatMap((row) => read(row).map((made) => ({ ...made, ...besideOf(row), origin: row.origin })))
}

/** The texts of an example: completions of one prompt. */
export const textsIn = (example: TrainingExample): readonly Example[] =>
  'chosen' in example ? [example.chosen, example.rejected] : [example.outcome]

export const fits = (example: TrainingExample, maxLength: number): boolean =>
  textsIn(example).every(({ prompt, completion }) => prompt.length + completion.length <= maxLength)

/** The example within so many tokens. */
export const cutTo = (example: TrainingExample, maxLength: number, first: TextCut): TrainingExample => {
  const [one, other] = fitTogether(textsIn(example), maxLength, first)
  return 'chosen' in example ? { ...example, chosen: one!, rejected: other! } : { ...example, outcome: one! }
}

/** A completion of a prompt in tokens, cut as training cuts it where it is longer than `maxLength`. */
export const exampleOf = (tokenizer: Tokenizer, prompt: string, completion: string, maxLength = Number.POSITIVE_INFINITY): Example =>
  fit({ prompt: tokenizer.encode(prompt, { bos: true }), completion: completionOf(tokenizer, completion) }, maxLength)

/** A completion ends with the end-of-text token, once: that is how a model learns to stop. */
export const completionOf = (tokenizer: Tokenizer, completion: string): readonly number[] => {
  const ids = tokenizer.encode(completion, { continues: true })
  return ids.at(-1) === tokenizer.eos ? ids : [...ids, ...endOf(tokenizer)]
}
const endOf = ({ eos }: Tokenizer): readonly number[] => (eos === undefined ? [] : [eos])

/**
 * Rows to train on and rows held out, decided by the seed. Rows of one prompt stay on one side, so that what is held out was never seen; but a prompt that
 * more than a quarter of the rows share (one instruction for all, or none) is no question of its own: then rows of one completion stay together.
 */
export const holdOut = <R extends Row>(
  rows: readonly R[],
  fraction: number,
  seed: number,
): { readonly training: readonly R[]; readonly heldOut: readonly R[] } => {
  const byPrompt = [...grouped(rows, (row) => (row.tag === 'text' ? row.text : row.prompt)).values()]
  const shared = (group: readonly R[]): boolean => group.length > Math.max(4, rows.length / 4)
  const groups = byPrompt.flatMap((group) => (shared(group) ? [...grouped(group, answersIn).values()] : [group]))
  const wanted = fraction === 0 ? 0 : Math.max(1, Math.round(rows.length * fraction))
  const heldOut = new Set<R>()
  for (const group of shuffle(groups, seed)) {
    if (heldOut.size >= wanted) break
    for (const row of group) heldOut.add(row)
  }
  return { training: rows.filter((row) => !heldOut.has(row)), heldOut: rows.filter((row) => heldOut.has(row)) }
}

const grouped = <R>(rows: readonly R[], keyOf: (row: R) => string): ReadonlyMap<string, readonly R[]> => {
  const groups = new Map<string, R[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return groups
}
const answersIn = (row: Row): string =>
  JSON.stringify(row.tag === 'text' ? row.text : row.tag === 'paired' ? [row.chosen, row.rejected].sort() : row.completion)

/** How many are desirable, and how many undesirable. */
export const balanceOf = (examples: readonly TrainingExample[]): Balance => {
  const desirable = examples.filter((example) => 'outcome' in example && example.label === true).length
  return { desirable, undesirable: examples.length - desirable }
}

/** What a desirable and an undesirable example count on average, by their own weights. */
export const meanWeights = (examples: readonly TrainingExample[]): Balance => {
  const mean = (label: boolean): number => {
    const those = examples.filter((example) => 'outcome' in example && (example.label === true) === label)
    return those.length === 0 ? 1 : those.reduce((sum, { weight = 1 }) => sum + weight, 0) / those.length
  }
  return { desirable: mean(true), undesirable: mean(false) }
}

/** A warning that names both counts, and a weight to set, where they break the λ rule of KTO; or nothing. */
export const imbalance = (counts: Balance, weights: Balance = { desirable: 1, undesirable: 1 }): string | undefined => {
  const { ratio, better } = weigh(counts, weights)
  const said = (['desirable', 'undesirable'] as const).map((label) => `${counts[label]} ${label} (weight ${weights[label]})`).join(' and ')
  if (counts.desirable === 0 || counts.undesirable === 0) return `${said} completions: one side is empty, so nothing is compared`
  if (better === undefined) return undefined
  const name = better.desirable === weights.desirable ? 'undesirable' : 'desirable'
  return `${said} completions are ${round(ratio)} : 1; between 1 : 1 and 4 : 3 is advised, for instance with --set ${name}=${round(better[name])}`
}
const round = (x: number): number => Number(x.toPrecision(3))
