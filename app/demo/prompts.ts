/** The text as tokens: windows to pre-train on, and prompts that begin and end with whole words. */
import { type Example, shuffle, type Tokenizer, tokenizerOf, trainBytePairs } from '../../models/index.ts'

/** Words with their leading space, numbers, signs. */
const pattern = String.raw` ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]| `

export const learnTokenizer = (texts: readonly string[], vocabularySize: number): Tokenizer => {
  const { json, config } = trainBytePairs(texts.join(' '), { vocabularySize, pattern })
  return tokenizerOf(json, config)
}

/** Windows of `length` tokens, half overlapping, as completions of nothing. */
export const windows = (texts: readonly (readonly number[])[], length: number): readonly { readonly outcome: Example }[] =>
  texts.flatMap((ids) =>
    Array.from({ length: Math.max(0, Math.floor((2 * ids.length) / length) - 1) }, (_, i) => {
      const from = Math.floor((i * length) / 2)
      return { outcome: { prompt: [], completion: ids.slice(from, from + length) } }
    }),
  )

/** `count` prompts of `length` tokens from random places where a word begins, and a word ends. */
export const drawPrompts = (
  texts: readonly (readonly number[])[],
  tokenizer: Tokenizer,
  { count, length, seed }: { readonly count: number; readonly length: number; readonly seed: number },
): readonly (readonly number[])[] => {
  const begins = new Set(
    Array.from({ length: tokenizer.vocabularySize }, (_, id) => id).filter((id) => /^ [a-z]/.test(tokenizer.decode([id]))),
  )
  const places = texts.flatMap((ids) =>
    Array.from({ length: Math.max(0, ids.length - length) }, (_, at) => ({ ids, at })).filter(
      ({ at }) => begins.has(ids[at]!) && begins.has(ids[at + length]!),
    ),
  )
  return shuffle(places, seed)
    .slice(0, count)
    .map(({ ids, at }) => ids.slice(at, at + length))
}
