/**
 * llama2.c's tokenizer file (`tok512.bin`): the tokens of a SentencePiece BPE vocabulary with their scores; and the `tokenizer.json` that says the same,
 * in which a pair of tokens merges the earlier, the higher the score of what it makes.
 */
import { CheckpointError } from '../io/errors.ts'
import type { Json } from '../io/fields.ts'

export interface TextVocabulary {
  /** Text and score of every token, by id. A higher score merges earlier. `<0x0A>` stands for the byte 10. */
  readonly tokens: readonly { readonly text: string; readonly score: number }[]
  /** The longest token, in bytes. */
  readonly longest: number
}

/**
 * int32 longest, then for every token float32 score, int32 length, that many bytes of UTF-8.
 * @throws CheckpointError when the file ends within a token
 */
export const parseVocabulary = (bytes: Uint8Array, file: string): TextVocabulary => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const tokens: { readonly text: string; readonly score: number }[] = []
  let at = 4
  while (at < bytes.length) {
    const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : 0
    if (at + 8 > bytes.length || length < 0 || at + 8 + length > bytes.length)
      throw new CheckpointError({
        file,
        expected: `token ${tokens.length} whole: score, length and text`,
        found: `the end of the file, at byte ${bytes.length}`,
        advice: 'The file is truncated or is not a llama2.c tokenizer: download it again.',
      })
    tokens.push({ score: view.getFloat32(at, true), text: decoder.decode(bytes.subarray(at + 8, at + 8 + length)) })
    at += 8 + length
  }
  return { tokens, longest: bytes.length < 4 ? 0 : view.getInt32(0, true) }
}

/** SentencePiece writes a space as U+2581, and puts one before every text. */
const space = '\u2581'

/**
 * The `tokenizer.json` of a Llama vocabulary, such as llama2.c's: ids 0, 1 and 2 are the unknown token, the beginning and the end of a text; `<0x..>`
 * are bytes; of two pairs, the one whose token has the higher score merges first.
 * @example
 * ```ts
 * import { tokenizerJson } from 'halograd/models'
 * const tokens = ['<unk>', '<s>', '</s>', 'a', 'b', 'ab'].map((text, id) => ({ text, score: -id }))
 * const json = tokenizerJson({ tokens, longest: 5 })
 * ```
 */
export const tokenizerJson = ({ tokens }: TextVocabulary): Json => {
  const names = tokens.map(({ text }, id) => (id < specials ? text.trim() : text.replaceAll(' ', space)))
  const ids = new Map(names.map((name, id) => [name, id]))
  const merges = names
    .flatMap((name, id) => {
      const letters = id < specials || isByte(name) ? [] : [...name]
      const cuts = letters.slice(1).map((_, i) => [letters.slice(0, i + 1).join(''), letters.slice(i + 1).join('')] as const)
      return cuts.filter(([left, right]) => ids.has(left) && ids.has(right)).map((pair) => ({ pair, score: tokens[id]?.score ?? 0 }))
    })
    .sort((a, b) => b.score - a.score)
    .map(({ pair }) => pair)
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: names.slice(0, specials).map((content, id) => ({ id, content, ...plain, special: true })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: space },
        { type: 'Replace', pattern: { String: ' ' }, content: space },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: space }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: names[0] ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges,
    },
  }
}

/**
 * The `tokenizer_config.json` that goes with `tokenizerJson`.
 * @example
 * ```ts
 * import { tokenizerConfig } from 'halograd/models'
 * const tokens = ['<unk>', '<s>', '</s>', 'a'].map((text) => ({ text, score: 0 }))
 * const config = tokenizerConfig({ tokens, longest: 5 })
 * ```
 */
export const tokenizerConfig = ({ tokens }: TextVocabulary): Json => ({
  tokenizer_class: 'LlamaTokenizer',
  unk_token: tokens[0]?.text.trim(),
  bos_token: tokens[1]?.text.trim(),
  eos_token: tokens[2]?.text.trim(),
  clean_up_tokenization_spaces: false,
})

const specials = 3
const isByte = (name: string): boolean => /^<0x[0-9A-F]{2}>$/.test(name)
