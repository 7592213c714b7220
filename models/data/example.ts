/** One training example as tokens: a preference, or a completion, judged or merely shown; and the texts that a loss reads of it. */

import type { AnyLoss } from '../../halos/index.ts'
import { type DataColumn, dataColumns, type EvidenceRole, evidenceFields } from '../../halos/internal.ts'
import { BatchError } from '../io/errors.ts'
import type { Example } from './truncate.ts'

/** The columns of evidence that data give beside the texts: a pair's `margin`, by how much the chosen completion is better in the scores of a judge. */
export type DataValues = { readonly [C in DataColumn]?: number }

/** A tokenized example: a pair, or one completion with its label. A loss takes the kind that it `needs`. */
export type TrainingExample = (
  | { readonly chosen: Example; readonly rejected: Example }
  | {
      readonly outcome: Example
      /** Desirable or undesirable; or an advantage, whose sign says that and whose magnitude weighs the example. */
      readonly label?: boolean | number
    }
) &
  DataValues & {
    /** How much it counts, from 0 on. Default: 1. */
    readonly weight?: number
    /** Where it comes from, for messages: `thumbs.jsonl:17`. */
    readonly origin?: string
  }

export type ByRole<T> = { readonly [R in EvidenceRole]?: T }
/** Texts by role, one an example. */
export type ExampleTexts = ByRole<readonly Example[]>

/** The texts of examples: those that their own roles name. */
export const textsOf = (examples: readonly TrainingExample[]): ExampleTexts => {
  const pairs = examples.flatMap((example) => ('chosen' in example ? [example] : []))
  const outcomes = examples.flatMap((example) => ('chosen' in example ? [] : [example.outcome]))
  return outcomes.length > 0
    ? { outcome: outcomes }
    : { chosen: pairs.map(({ chosen }) => chosen), rejected: pairs.map(({ rejected }) => rejected) }
}

/** +1 for what is desirable (and for whatever nobody judged), −1 for what is undesirable; or the advantage. */
export const signOf = (example: TrainingExample): number => {
  const label = 'chosen' in example ? undefined : example.label
  return typeof label === 'number' ? label : label === false ? -1 : 1
}

/** How a message names an example: by its origin, or by its position. */
export const nameOf = ({ origin }: TrainingExample, position: number): string => origin ?? `examples[${position}]`

export const lengthOf = ({ prompt, completion }: Example): number => prompt.length + completion.length

/** Whether a completion has a token to learn from. The first token of all is none: nothing predicts it. */
export const isLearnable = ({ prompt, completion }: Example): boolean => completion.length > 0 && prompt.length + completion.length > 1

/** @throws BatchError naming the first example that lacks what the loss learns from, has a completion without tokens, or a token that the model does not know */
export const checkExamples = (loss: Pick<AnyLoss, 'name' | 'needs'>, examples: readonly TrainingExample[], vocab: number): void => {
  for (const [i, example] of examples.entries()) {
    const suits = loss.needs.pair ? 'chosen' in example : !('chosen' in example || (loss.needs.label && example.label === undefined))
    if (!suits)
      throw new BatchError({
        field: nameOf(example, i),
        expected: `${loss.needs.pair ? 'chosen and rejected' : loss.needs.label ? 'outcome and label' : 'outcome'}, which ${loss.name} learns from`,
        found: Object.keys(example)
          .filter((key) => !['origin', 'weight', ...dataColumns].includes(key))
          .join(' and '),
        advice: 'Convert the data (asLabelled, asPairs, asDemonstrations), or use another loss.',
      })
    const { weight = 1 } = example
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new BatchError({
        field: nameOf(example, i),
        expected: 'a weight of 0 or more',
        found: String(weight),
        advice: 'Weigh it 1 to count as any other, 0 not at all.',
      })
    for (const column of dataColumns.filter((each) => loss.needs[each] && !Number.isFinite(example[each])))
      throw new BatchError({
        field: nameOf(example, i),
        expected: `${/^[aeiou]/.test(column) ? 'an' : 'a'} ${column}, which ${loss.name} learns from`,
        found: String(example[column]),
        advice: evidenceFields[column].advice,
      })
    for (const text of Object.values(textsOf([example])).flat()) {
      if (!isLearnable(text)) throw new BatchError({ field: nameOf(example, i), ...unlearnable })
      for (const tokens of [text.prompt, text.completion]) checkTokens(tokens, vocab, nameOf(example, i))
    }
  }
}

const unlearnable = {
  expected: 'a completion of at least one token, after another token',
  found: 'none',
  advice: 'Leave the example out: there is nothing to learn from it.',
} as const

/** @throws BatchError for a token that the model does not know: the tokenizer is not the model's */
export const checkTokens = (tokens: readonly number[], vocab: number, field: string): void => {
  const unknown = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocab))
  if (unknown === undefined) return
  throw new BatchError({
    field,
    expected: `tokens from 0 to ${vocab - 1}, the vocabulary of the model`,
    found: `token ${unknown}`,
    advice: 'Use the tokenizer that belongs to the model.',
  })
}
