/**
 * Text to token ids and back, for any Hugging Face `tokenizer.json` (through @huggingface/tokenizers).
 * Tokens are not characters: SentencePiece vocabularies put a space before a text, and a character may take several byte tokens. So a continuation is
 * encoded as one (`continues`), and text is decoded from the whole list of ids, never piece by piece.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { show, TokenizerError } from '../io/errors.ts'
import { isObject, type Json, showJson } from '../io/fields.ts'
import { readJson } from '../io/json.ts'
import { exists, join, readText } from '../io/source.ts'
import { limited, TimeoutError } from '../io/time-limit.ts'
import { endsOf, type Surroundings } from './ends.ts'
import { mark } from './literal.ts'

/** Text to token ids, and back, as the model's `tokenizer.json` says. */
export interface Tokenizer {
  /** Ids are less than this. */
  readonly vocabularySize: number
  /** The ids below `size` that are no token: rows that a model is padded with. */
  readonly gaps: (size: number) => readonly number[]
  /** Special tokens written out in the text (`</s>`) become those tokens, but not in turns that a `Chat` has rendered. @throws TokenizerError when the vocabulary cannot say the text */
  readonly encode: (text: string, options?: EncodeOptions) => readonly number[]
  /** The text of a whole list of ids, without special tokens. @throws TokenizerError when an id is not in the vocabulary */
  readonly decode: (ids: readonly number[]) => string
  /** The token that begins a text, and the one that ends it. */
  readonly bos?: number
  readonly eos?: number
  /** Whether texts begin with a token of their own. */
  readonly begins: boolean
  /** Where the files of a model disagree about these, a sentence each. */
  readonly notes: readonly string[]
  /** What `tokenizer.json` and `tokenizer_config.json` say, to be saved beside a model. */
  readonly json: Json
  readonly config: Json
}

/** What is before the text that is encoded. */
export interface EncodeOptions {
  /** Put the token first that begins texts, where they begin with one, and this one does not have it already. An empty text begins with it anyway. */
  readonly bos?: boolean
  /** The text goes on after another (a completion after its prompt): no space is put before it. */
  readonly continues?: boolean
}

/** transformers keeps a chat template in a file of its own, formerly in the configuration: there it is put. */
const files = { json: 'tokenizer.json', config: 'tokenizer_config.json', template: 'chat_template.jinja' }

/**
 * The tokenizer of a model directory: `tokenizer.json`, `tokenizer_config.json`, and what its other files say of the tokens that begin and end texts.
 * @throws TokenizerError when tokenizer.json is missing or malformed; FileError when a file cannot be read
 * @example
 * ```ts
 * import { loadTokenizer } from 'halograd/models'
 * export const ids = async (directory: string) => (await loadTokenizer(directory)).encode('Once upon a time', { bos: true })
 * ```
 */
export const loadTokenizer = async (directory: string): Promise<Tokenizer> => {
  const file = join(directory, files.json)
  if (!(await exists(file)))
    throw new TokenizerError({
      file: directory,
      expected: files.json,
      found: 'no such file',
      advice: `Copy it from the model's page, or have transformers write it: AutoTokenizer.from_pretrained(…).save_pretrained('${directory}').`,
    })
  const [configFile, template] = [join(directory, files.config), join(directory, files.template)]
  const config = (await exists(configFile)) ? await readJson(configFile, TokenizerError) : {}
  const chat = (await exists(template)) ? { chat_template: await readText(template) } : {}
  const beside = async (name: string): Promise<Json> => {
    const path = join(directory, name)
    const json = (await exists(path)) ? await readJson(path, TokenizerError) : {}
    return isObject(json) ? json : {}
  }
  return tokenizerOf(await readJson(file, TokenizerError), isObject(config) ? { ...config, ...chat } : config, directory, {
    specialTokens: await beside('special_tokens_map.json'),
    model: await beside('config.json'),
    generation: await beside('generation_config.json'),
  })
}

/**
 * The tokenizer that these two documents describe.
 * @param json the parsed `tokenizer.json`
 * @param config the parsed `tokenizer_config.json`. Default: empty
 * @param where named in errors only
 * @param around what other files of the model say of the tokens that begin and end texts. Default: nothing
 * @throws TokenizerError when they are malformed
 * @example
 * ```ts
 * import { tokenizerOf, trainBytePairs } from 'halograd/models'
 * const { json, config } = trainBytePairs('low lower lowest', { vocabularySize: 260 })
 * const tokenizer = tokenizerOf(json, config)
 * ```
 */
export const tokenizerOf = (json: unknown, config: unknown = {}, where = files.json, around: Surroundings = {}): Tokenizer => {
  if (!isObject(json) || !isObject(json.model)) throw malformed(where, files.json, 'a JSON object with a "model"', showJson(json))
  if (!isObject(config)) throw malformed(where, files.config, 'a JSON object', showJson(config))
  checkIds(json, where)
  const run = contained(json, where)
  const beginning = run(() => new HuggingFaceTokenizer(json, config))
  const continuing = addsSpace(json) ? run(() => new HuggingFaceTokenizer(withoutSpace(json), config)) : beginning
  const { bos, eos, first, notes } = endsOf(json, config, around, {
    idOf: (name, field) => {
      const id: unknown = run(() => beginning.token_to_id(name))
      if (typeof id !== 'number') throw malformed(where, files.config, `${field}: a token of the vocabulary`, show(name))
      return id
    },
    nameOf: (id) => run(() => beginning.id_to_token(id)),
  })
  const begun = (ids: readonly number[]): readonly number[] => {
    if (ids.length === 0) return [first ?? bos].filter((id) => id !== undefined)
    return first === undefined || ids[0] === first ? ids : [first, ...ids]
  }
  const known = run(() => new Set<number>(beginning.get_vocab().values()))
  return {
    vocabularySize: [...known].reduce((largest, id) => Math.max(largest, id), -1) + 1,
    gaps: (size) => Array.from({ length: size }, (_, id) => id).filter((id) => !known.has(id)),
    encode: (text, options = {}) => {
      const ids = text.split(mark).flatMap((piece, i) => {
        const by = options.continues || i > 0 ? continuing : beginning
        const { ids, tokens }: Encoding = run(() => by.encode(piece, { add_special_tokens: false }))
        const unknown = ids.findIndex((id) => !Number.isInteger(id))
        if (unknown >= 0) throw malformed(where, files.json, `a token for ${show(tokens[unknown])}`, 'neither that nor an unknown-token')
        return ids
      })
      return options.bos ? begun(ids) : ids
    },
    decode: (ids) => {
      const unknown = ids.find((id) => beginning.id_to_token(id) === undefined)
      if (unknown !== undefined)
        throw new TokenizerError({
          file: where,
          expected: 'ids of the vocabulary',
          found: String(unknown),
          advice: 'Use the tokenizer that the model was trained with.',
        })
      if (ids.length === 0) return ''
      return run(() => beginning.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }))
    },
    ...(bos === undefined ? {} : { bos }),
    ...(eos === undefined ? {} : { eos }),
    begins: first !== undefined,
    notes,
    json,
    config: withEnds(config, bos, eos, first !== undefined, (id) => beginning.id_to_token(id)),
  }
}

/** The configuration, with what was decided of beginnings and ends where it leaves that to other files. */
const withEnds = (
  config: Json,
  bos: number | undefined,
  eos: number | undefined,
  begins: boolean,
  nameOf: (id: number) => string | undefined,
): Json => {
  const lacks = (name: string, id: number | undefined) => id !== undefined && (config[name] ?? undefined) === undefined
  return {
    ...config,
    ...(lacks('bos_token', bos) && { bos_token: nameOf(bos!), add_bos_token: begins }),
    ...(lacks('eos_token', eos) && { eos_token: nameOf(eos!) }),
  }
}

/** What the library returns (it declares no type that TypeScript can find). */
interface Encoding {
  readonly ids: readonly number[]
  readonly tokens: readonly string[]
}

const malformed = (file: string, field: string, expected: string, found: string): TokenizerError =>
  new TokenizerError({ file, field, expected, found, advice: "Copy the file again from the model's page." })

/**
 * Runs the library: whatever it throws of a tokenizer that is malformed is an error that says so. Where tokenizer.json brings regular expressions, it is
 * ended when it takes too long: a pattern may backtrack for ever.
 */
const contained = (json: Json, where: string) => {
  const timed = bringsPatterns(json)
  return <T>(work: () => T): T => {
    try {
      return timed ? limited(patience, work) : work()
    } catch (error) {
      if (error instanceof TimeoutError)
        throw new TokenizerError({
          ...{ file: where, field: files.json, expected: 'regular expressions that read a text in time', found: error.message },
          advice: 'One of its patterns ("Regex") backtracks without end: correct it, or use another tokenizer.',
        })
      throw malformed(where, files.json, 'a Hugging Face tokenizer', error instanceof Error ? error.message : String(error))
    }
  }
}
/** Milliseconds for one text. */
const patience = 5000

const bringsPatterns = (component: unknown): boolean =>
  Array.isArray(component)
    ? component.some(bringsPatterns)
    : isObject(component) &&
      (Object.hasOwn(component, 'Regex') ||
        Object.entries(component).some(([key, value]) => key !== 'vocab' && key !== 'merges' && bringsPatterns(value)))

/**
 * The library keeps tokens in a list by id: ids that are far more than there are tokens would be a list without end.
 * @throws TokenizerError
 */
const checkIds = ({ model, added_tokens: added = [] }: Json, where: string): void => {
  if (added !== null && !Array.isArray(added)) throw malformed(where, files.json, 'added_tokens: a list', show(added))
  const vocabulary: unknown = isObject(model) ? model.vocab : undefined
  const named: readonly (readonly [string, unknown])[] = isObject(vocabulary) ? Object.entries(vocabulary) : []
  const extra = (added ?? []).map((token: unknown): readonly [string, unknown] =>
    isObject(token) ? [show(token.content), token.id] : [show(token), undefined],
  )
  const most = 2 * (Array.isArray(vocabulary) ? vocabulary.length : named.length) + 2 * extra.length + spareIds
  for (const [token, id] of [...named, ...extra])
    if (!(typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < most))
      throw malformed(where, files.json, `an id from 0 to ${most - 1} for the token ${token}`, show(id))
}
const spareIds = 100_000

/** The same component without what puts a space before a text: SentencePiece's (`Prepend`, `Metaspace`) and byte-level `add_prefix_space`. */
const unprefixed = (component: unknown): unknown => {
  if (!isObject(component)) return component
  if (component.type === 'Prepend') return { type: 'Sequence', normalizers: [] }
  if (component.type === 'Metaspace') return { ...component, prepend_scheme: 'never', add_prefix_space: false }
  if (component.type === 'ByteLevel') return { ...component, add_prefix_space: false }
  return Object.fromEntries(Object.entries(component).map(([key, value]) => [key, Array.isArray(value) ? value.map(unprefixed) : value]))
}

const withoutSpace = (json: Json): Json => ({
  ...json,
  normalizer: unprefixed(json.normalizer),
  pre_tokenizer: unprefixed(json.pre_tokenizer),
})

const addsSpace = (json: Json): boolean => JSON.stringify(withoutSpace(json)) !== JSON.stringify(json)

/**
 * Decoding while tokens arrive: give each id, get the text that it completes (empty while a character is incomplete). The pieces, joined, are the
 * text of the whole list less that of `before`, the prompt, and less a character still incomplete at its end.
 * @throws TokenizerError (from the result too) for an id that is not in the vocabulary
 * @example
 * ```ts
 * import { streamDecoder, tokenizerOf, trainBytePairs } from 'halograd/models'
 * const { json, config } = trainBytePairs('low lower lowest', { vocabularySize: 260 })
 * const tokenizer = tokenizerOf(json, config)
 * const text = tokenizer.encode('lowest').map(streamDecoder(tokenizer)).join('')
 * ```
 */
export const streamDecoder = ({ decode }: Tokenizer, before: readonly number[] = []): ((id: number) => string) => {
  const ids = [...before]
  let shown = decode(ids).length
  return (id) => {
    ids.push(id)
    const text = decode(ids)
    // U+FFFD at the end may be the first bytes of a character to come.
    if (text.endsWith('\uFFFD')) return ''
    const piece = text.slice(shown)
    shown = text.length
    return piece
  }
}
