/**
 * A byte-pair trainer: begin with the 256 bytes; again and again make the most frequent pair of adjacent tokens a token of its own, until the vocabulary is full.
 * Pairs do not cross the pieces that `pattern` cuts a text into. Ties go to the greatest pair, compared byte by byte.
 * Pieces are counted once with their multiplicity, and only pairs next to a merge are counted anew, so training is nearly linear in distinct pieces.
 * Source: Sennrich et al. (2016), arXiv:1508.07909; over bytes: Radford et al. (2019), "Language models are unsupervised multitask learners".
 */
import { show, TokenizerError } from '../io/errors.ts'
import type { Json } from '../io/fields.ts'
import { maxHeap } from './heap.ts'

/** GPT-2's pieces: contractions, words, numbers and signs with their leading space, and white space. */
export const gpt2Pattern = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

/** How a byte-pair vocabulary is learned. */
export interface BytePairOptions {
  /** Special tokens, the 256 bytes and the merges together. */
  readonly vocabularySize: number
  /** Tokens that stand for themselves and are never cut or merged; the first ids are theirs. The first one also begins and ends texts. */
  readonly specialTokens?: readonly string[]
  /** A regular expression (Unicode) of the pieces of a text; what lies between matches is a piece too. */
  readonly pattern?: string
}

/** A byte-level byte-pair vocabulary, and the tokenizer files that describe it. */
export interface BytePairs {
  /** Tokens in GPT-2's alphabet (one printable character a byte), by id. */
  readonly vocabulary: readonly string[]
  /** In the order learned. */
  readonly merges: readonly (readonly [left: string, right: string])[]
  /** The documents `tokenizer.json` and `tokenizer_config.json`. */
  readonly json: Json
  readonly config: Json
}

/**
 * GPT-2's byte alphabet: a printable Latin-1 byte is its own character, the others are those from U+0100 on.
 * The order of the map is the order of the bytes' ids.
 */
export const byteAlphabet: ReadonlyMap<number, string> = (() => {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  const bytes = Array.from({ length: 256 }, (_, byte) => byte)
  const others = bytes.filter((byte) => !printable(byte))
  return new Map([
    ...bytes.filter(printable).map((byte) => [byte, String.fromCharCode(byte)] as const),
    ...others.map((byte, i) => [byte, String.fromCharCode(256 + i)] as const),
  ])
})()

/**
 * Learns byte-pair merges from a corpus (Sennrich et al. 2016, arXiv:1508.07909). Deterministic. A small corpus may run out of pairs: the vocabulary
 * is then smaller than asked for.
 * @throws TokenizerError when the vocabulary has no room for the bytes and the special tokens, or the pattern is no regular expression
 * @example
 * ```ts
 * import { tokenizerOf, trainBytePairs } from 'halograd/models'
 * const { json, config } = trainBytePairs('low lower lowest', { vocabularySize: 260, specialTokens: ['<end>'] })
 * const ids = tokenizerOf(json, config).encode('lowest')
 * ```
 */
export const trainBytePairs = (corpus: string, options: BytePairOptions): BytePairs => {
  const { vocabularySize, specialTokens = [], pattern = gpt2Pattern } = options
  const least = 256 + specialTokens.length
  if (!Number.isInteger(vocabularySize) || vocabularySize < least)
    throw new TokenizerError({
      field: 'vocabularySize',
      expected: `an integer ≥ ${least}: 256 bytes and ${specialTokens.length} special tokens`,
      found: String(vocabularySize),
      advice: 'Ask for a larger vocabulary.',
    })
  const { spellings, merges } = learn(countPieces(corpus, specialTokens, pattern), vocabularySize - least)
  const letters = spellings.map((bytes) => Array.from(bytes, (byte) => byteAlphabet.get(byte)).join(''))
  const learned = merges.map(([left, right]) => [letters[left] ?? '', letters[right] ?? ''] as const)
  const vocabulary = [...specialTokens, ...byteAlphabet.values(), ...letters.slice(256)]
  return { vocabulary, merges: learned, ...documents(vocabulary, learned, specialTokens, pattern) }
}

/** How often each piece occurs. */
const countPieces = (corpus: string, specialTokens: readonly string[], pattern: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  const count = (piece: string): void => {
    if (piece !== '') counts.set(piece, (counts.get(piece) ?? 0) + 1)
  }
  const expression = expressionOf(pattern)
  for (const text of between(corpus, specialTokens)) {
    let end = 0
    for (const match of text.matchAll(expression)) {
      count(text.slice(end, match.index))
      count(match[0])
      end = match.index + match[0].length
    }
    count(text.slice(end))
  }
  return counts
}

const expressionOf = (pattern: string): RegExp => {
  try {
    return new RegExp(pattern, 'gu')
  } catch (error) {
    const advice = `Correct it (${error instanceof Error ? error.message : String(error)}).`
    throw new TokenizerError({ field: 'pattern', expected: 'a Unicode regular expression', found: show(pattern), advice })
  }
}

const between = (text: string, separators: readonly string[]): readonly string[] =>
  separators.reduce<readonly string[]>((parts, separator) => parts.flatMap((part) => part.split(separator)), [text])

interface Word {
  tokens: readonly number[]
  readonly count: number
}

interface MergeCandidate {
  readonly pair: number
  readonly count: number
}

/** A pair of tokens as one number, to be the key of a map. */
const width = 2 ** 26
const pairOf = (left: number, right: number): number => left * width + right
const leftOf = (pair: number): number => Math.floor(pair / width)
const rightOf = (pair: number): number => pair % width

/** Tokens 0–255 are the bytes; token 256 + i is what merge i makes. `spellings` are the bytes of each token. */
const learn = (pieces: ReadonlyMap<string, number>, wanted: number) => {
  const spellings = Array.from({ length: 256 }, (_, byte): readonly number[] => [byte])
  const merges: (readonly [left: number, right: number])[] = []
  const encoder = new TextEncoder()
  const words: readonly Word[] = Array.from(pieces, ([piece, count]) => ({ tokens: [...encoder.encode(piece)], count }))

  const counts = new Map<number, number>()
  const homes = new Map<number, Set<Word>>()
  /** Pairs whose count may have changed since they were last enqueued, with the count that they had. */
  const touched = new Map<number, number>()
  const queue = maxHeap<MergeCandidate>(
    (a, b) =>
      a.count - b.count ||
      compareBytes(spellings[leftOf(a.pair)]!, spellings[leftOf(b.pair)]!) ||
      compareBytes(spellings[rightOf(a.pair)]!, spellings[rightOf(b.pair)]!),
  )
  const tally = (word: Word, sign: 1 | -1): void => {
    for (let i = 1; i < word.tokens.length; i++) {
      const pair = pairOf(word.tokens[i - 1]!, word.tokens[i]!)
      const count = counts.get(pair) ?? 0
      if (!touched.has(pair)) touched.set(pair, count)
      counts.set(pair, count + sign * word.count)
      if (sign === 1) homes.set(pair, (homes.get(pair) ?? new Set()).add(word))
    }
  }
  const enqueueChanged = (): void => {
    for (const [pair, before] of touched) {
      const count = counts.get(pair) ?? 0
      if (count > 0 && count !== before) queue.push({ pair, count })
    }
    touched.clear()
  }

  for (const word of words) tally(word, 1)
  enqueueChanged()
  while (merges.length < wanted) {
    const best = queue.pop()
    if (best === undefined) break
    // The queue remembers what was once true: only a candidate that still is counts.
    if (counts.get(best.pair) !== best.count) continue
    const [left, right] = [leftOf(best.pair), rightOf(best.pair)]
    const token = spellings.push([...spellings[left]!, ...spellings[right]!]) - 1
    merges.push([left, right])
    for (const word of homes.get(best.pair) ?? []) {
      tally(word, -1)
      word.tokens = joined(word.tokens, left, right, token)
      tally(word, 1)
    }
    counts.delete(best.pair)
    homes.delete(best.pair)
    enqueueChanged()
  }
  return { spellings, merges }
}

const joined = (tokens: readonly number[], left: number, right: number, token: number): readonly number[] => {
  const result: number[] = []
  for (let i = 0; i < tokens.length; i++) {
    const found = tokens[i] === left && tokens[i + 1] === right
    result.push(found ? token : tokens[i]!)
    if (found) i++
  }
  return result
}

/** Lexicographically: the first difference decides, then the length. */
const compareBytes = (a: readonly number[], b: readonly number[]): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

const documents = (
  vocabulary: readonly string[],
  merges: BytePairs['merges'],
  specialTokens: readonly string[],
  pattern: string,
): Pick<BytePairs, 'json' | 'config'> => {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  const pieces = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
  const [first] = specialTokens
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: specialTokens.map((content, id) => ({ id, content, ...plain, special: true })),
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [pieces, byteLevel] },
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
        merges: merges.map(([left, right]) => `${left} ${right}`),
      },
    },
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      add_bos_token: true,
      clean_up_tokenization_spaces: false,
      ...(first === undefined ? {} : { bos_token: first, eos_token: first }),
    },
  }
}
