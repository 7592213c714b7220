/**
 * A `tokenizer.json` as llama.cpp's metadata say it. llama.cpp has its own tokenizers: byte-level BPE with one of the ways to cut a text that it knows by
 * name ("gpt2"), and SentencePiece's, which merges by the score of what comes out ("llama"). What it would tokenize differently is refused.
 */

import { own } from '../../core/internal.ts'
import { show, TokenizerError } from '../io/errors.ts'
import { isObject, type Json } from '../io/fields.ts'
import { f32, flag, i32, list, type Metadata, text, u32 } from '../io/gguf.ts'
import { byteAlphabet, gpt2Pattern } from '../text/bpe.ts'
import type { Tokenizer } from '../text/tokenizer.ts'

/** What a token is, as `tokenizer.ggml.token_type` counts. */
const kinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const
interface GgufToken {
  readonly text: string
  readonly kind: keyof typeof kinds
}

/**
 * @param vocab tokens of the model: those that the tokenizer does not have are written as unused
 * @throws TokenizerError when llama.cpp has no tokenizer that does the same
 */
export const llamaCppVocabulary = (tokenizer: Pick<Tokenizer, 'json' | 'config' | 'bos' | 'eos' | 'begins'>, vocab: number): Metadata => {
  const { json, config, bos, eos, begins } = tokenizer
  const model = isObject(json.model) ? json.model : {}
  if (model.type !== 'BPE') throw unlike('model.type', '"BPE"', model.type)
  const merges = mergesOf(model)
  const tokens = tokensOf(json, model, vocab)
  const own = componentsOf(json.pre_tokenizer).some(({ type }) => type === 'ByteLevel')
    ? byteLevel(json, model, merges)
    : sentencePiece(json, model, merges, tokens)
  const id = (name: unknown) => tokens.findIndex(({ text }) => text === (isObject(name) ? name.content : name))
  const named = (key: string, id: number | undefined): Metadata =>
    id === undefined || id < 0 ? {} : { [`tokenizer.ggml.${key}_token_id`]: u32(id) }
  return {
    ...own,
    'tokenizer.ggml.tokens': list(tokens.map(({ text: name }) => text(name))),
    'tokenizer.ggml.token_type': list(tokens.map(({ kind }) => i32(kinds[kind]))),
    ...named('bos', bos),
    ...named('eos', eos ?? neverSaid(tokens)),
    ...named('unknown', id(model.unk_token)),
    ...named('padding', id(config.pad_token)),
    // As texts begin in training.
    'tokenizer.ggml.add_bos_token': flag(begins),
    'tokenizer.ggml.add_eos_token': flag(false),
    ...(typeof config.chat_template === 'string' ? { 'tokenizer.chat_template': text(config.chat_template) } : {}),
  }
}

/** Where nothing ends texts, llama.cpp would stop at some common token. No text in UTF-8 has the byte 255, so no model has learned to say it. */
const neverSaid = (tokens: readonly GgufToken[]): number => {
  const id = tokens.findIndex(({ text }) => text === byteAlphabet.get(255) || text === '<0xFF>')
  if (id >= 0) return id
  throw new TokenizerError({
    ...{ field: 'eos_token', expected: 'the token that ends a text', found: 'nothing' },
    advice: 'Name it in tokenizer_config.json: llama.cpp would take some other token for it.',
  })
}

const tokensOf = ({ added_tokens: added }: Json, model: Json, vocab: number): readonly GgufToken[] => {
  const tokens: GgufToken[] = Array.from({ length: vocab }, (_, id) => ({ text: `[PAD${id}]`, kind: 'unused' }))
  const put = (text: string, id: unknown, kind: GgufToken['kind']): void => {
    if (typeof id === 'number' && id < vocab) tokens[id] = { text, kind }
  }
  for (const [name, id] of Object.entries(isObject(model.vocab) ? model.vocab : {}))
    put(name, id, model.byte_fallback === true && /^<0x[0-9A-F]{2}>$/.test(name) ? 'byte' : 'normal')
  for (const token of Array.isArray(added) ? added.filter(isObject) : [])
    put(String(token.content), token.id, token.content === model.unk_token ? 'unknown' : token.special === true ? 'control' : 'userDefined')
  return tokens
}

type BpeMerge = readonly [left: string, right: string]
/** Written as "left right", or as lists of two since tokenizers 0.20. */
const mergesOf = ({ merges }: Json): readonly BpeMerge[] =>
  (Array.isArray(merges) ? merges : []).map((merge: unknown): BpeMerge => {
    const [left, right, ...more]: readonly unknown[] = Array.isArray(merge) ? merge : String(merge).split(' ')
    if (typeof left === 'string' && typeof right === 'string' && more.length === 0) return [left, right]
    throw unlike('model.merges', 'pairs of tokens', merge)
  })

/** A normalizer or pre-tokenizer as the list of its steps. */
const componentsOf = (component: unknown): readonly Json[] => {
  if (!isObject(component)) return []
  const parts = component.pretokenizers ?? component.normalizers
  return component.type === 'Sequence' && Array.isArray(parts) ? parts.flatMap(componentsOf) : [component]
}

const unlike = (field: string, expected: string, found: unknown): TokenizerError =>
  new TokenizerError({
    ...{ field, expected: `${expected}, which llama.cpp has, too`, found: show(found) },
    advice: 'Export as a Hugging Face directory (--format hf): llama.cpp would cut texts differently.',
  })

// ------------------------------------------------------------------ byte-level BPE

/** As OpenAI wrote it: the same pieces. */
const gpt2Original = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
const llama3Pattern = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
/** llama.cpp's names for the patterns that cut a text, and whether a piece that is a token is taken whole, whatever the merges say. */
const patterns: Readonly<Record<string, { readonly name: string; readonly whole: boolean }>> = {
  [gpt2Pattern]: { name: 'gpt-2', whole: false },
  [gpt2Original]: { name: 'gpt-2', whole: false },
  [llama3Pattern]: { name: 'llama-bpe', whole: true },
  [llama3Pattern.replace('{1,3}', '')]: { name: 'qwen2', whole: false },
  digits: { name: 'smollm', whole: false },
}

const byteLevel = (json: Json, model: Json, merges: readonly BpeMerge[]): Metadata => {
  const pattern = patternOf(json.pre_tokenizer)
  const known = pattern === undefined ? undefined : own(patterns, pattern)
  if (known === undefined || known.whole !== (model.ignore_merges === true))
    throw unlike('pre_tokenizer', `the pieces of ${[...new Set(Object.values(patterns).map(({ name }) => name))].join(', ')}`, pattern)
  if (componentsOf(json.normalizer).length > 0) throw unlike('normalizer', 'null', json.normalizer)
  return {
    'tokenizer.ggml.model': text('gpt2'),
    'tokenizer.ggml.pre': text(known.name),
    'tokenizer.ggml.merges': list(merges.map((pair) => text(pair.join(' ')))),
  }
}

const patternOf = (preTokenizer: unknown): string | undefined => {
  const [first, second, ...more] = componentsOf(preTokenizer)
  const last = second ?? first
  if (first === undefined || more.length > 0 || last?.type !== 'ByteLevel' || last.add_prefix_space === true) return undefined
  const whole = last.use_regex !== false
  if (second === undefined) return whole ? gpt2Pattern : undefined
  if (first.type === 'Digits' && first.individual_digits === true && whole) return 'digits'
  const regex = isObject(first.pattern) ? first.pattern.Regex : undefined
  return first.type === 'Split' && typeof regex === 'string' && !whole ? regex : undefined
}

// ------------------------------------------------------------------ SentencePiece

const space = '\u2581'

/**
 * SentencePiece merges any two neighbours that make a token, the token of highest score first; BPE, pairs in their order. They agree where every way to make
 * a token of two others is a merge. The score of a token is then minus the place of its first merge.
 */
const sentencePiece = (json: Json, model: Json, merges: readonly BpeMerge[], tokens: readonly GgufToken[]): Metadata => {
  const prefix = prefixOf(json)
  if (prefix === undefined) throw unlike('normalizer', `spaces written as ${space}`, json.normalizer ?? json.pre_tokenizer)
  if (model.byte_fallback !== true) throw unlike('model.byte_fallback', 'true', model.byte_fallback)
  const ranks = new Map<string, number>()
  for (const [rank, pair] of merges.entries()) if (!ranks.has(pair.join(''))) ranks.set(pair.join(''), rank)
  const listed = new Set(merges.map((pair) => pair.join(' ')))
  const normal = new Set(tokens.filter(({ kind }) => kind === 'normal').map(({ text }) => text))
  for (const name of normal)
    for (const pair of cuts(name))
      if (pair.every((part) => normal.has(part)) && !listed.has(pair.join(' ')))
        throw unlike('model.merges', `the merge ${show(pair)}`, 'none')
  return {
    'tokenizer.ggml.model': text('llama'),
    'tokenizer.ggml.pre': text('default'),
    'tokenizer.ggml.scores': list(tokens.map(({ text: name }) => f32(-(ranks.get(name) ?? merges.length)))),
    'tokenizer.ggml.add_space_prefix': flag(prefix),
  }
}

const cuts = (name: string): readonly BpeMerge[] => {
  const letters = [...name]
  return letters.slice(1).map((_, i) => [letters.slice(0, i + 1).join(''), letters.slice(i + 1).join('')])
}

/** Whether a space is put before a text; nothing where spaces are not written as SentencePiece does. */
const prefixOf = ({ normalizer, pre_tokenizer: preTokenizer }: Json): boolean | undefined => {
  const [normal, pieces] = [componentsOf(normalizer), componentsOf(preTokenizer)]
  const [only] = pieces
  if (normal.length === 0 && pieces.length === 1 && only?.type === 'Metaspace' && (only.replacement ?? space) === space)
    return only.prepend_scheme === undefined ? only.add_prefix_space !== false : only.prepend_scheme !== 'never'
  const replaces = normal.some(
    ({ type, content, pattern }) => type === 'Replace' && content === space && isObject(pattern) && pattern.String === ' ',
  )
  const prepends = normal.some(({ type, prepend }) => type === 'Prepend' && prepend === space)
  return replaces && pieces.length === 0 && normal.length === (prepends ? 2 : 1) ? prepends : undefined
}
