/**
 * Text to token ids and back, for any Hugging Face `tokenizer.json` (through @huggingface/tokenizers).
 * Tokens are not characters: SentencePiece vocabularies put a space before a text, and a character may take several byte tokens. So a continuation is
 * encoded as one (`continues`), and text is decoded from the whole list of ids, never piece by piece.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { show, TokenizerError } from '../io/errors.ts'
import { isObject, type Json, parseJson, showJson } from '../io/fields.ts'
import { exists, join, readText } from '../io/source.ts'

export interface Tokenizer {
  /** Ids are less than this. */
  readonly vocabularySize: number
  /** Special tokens written out in the text (`</s>`) become those tokens. @throws TokenizerError when the vocabulary cannot say the text */
  readonly encode: (text: string, options?: EncodeOptions) => readonly number[]
  /** The text of a whole list of ids, without special tokens. @throws TokenizerError when an id is not in the vocabulary */
  readonly decode: (ids: readonly number[]) => string
  /** The token that begins a text, and the one that ends it. */
  readonly bos?: number
  readonly eos?: number
  /** What `tokenizer.json` and `tokenizer_config.json` say, to be saved beside a model. */
  readonly json: Json
  readonly config: Json
}

export interface EncodeOptions {
  /** Put the beginning-of-text token first, where the vocabulary has one. */
  readonly bos?: boolean
  /** The text goes on after another (a completion after its prompt): no space is put before it. */
  readonly continues?: boolean
}

/** transformers keeps a chat template in a file of its own, formerly in the configuration: there it is put. */
const files = { json: 'tokenizer.json', config: 'tokenizer_config.json', template: 'chat_template.jinja' }

/**
 * The tokenizer of a model directory.
 * @throws TokenizerError when tokenizer.json is missing or malformed
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
  const config = (await exists(configFile)) ? parseJson(await readText(configFile)) : {}
  const chat = (await exists(template)) ? { chat_template: await readText(template) } : {}
  return tokenizerOf(parseJson(await readText(file)), isObject(config) ? { ...config, ...chat } : config, directory)
}

/**
 * The tokenizer that these two documents describe.
 * @param where named in errors only
 * @throws TokenizerError when they are malformed
 */
export const tokenizerOf = (json: unknown, config: unknown = {}, where = files.json): Tokenizer => {
  if (!isObject(json) || !isObject(json.model)) throw malformed(where, files.json, 'a JSON object with a "model"', showJson(json))
  if (!isObject(config)) throw malformed(where, files.config, 'a JSON object', showJson(config))
  const beginning = build(json, config, where)
  const continuing = addsSpace(json) ? build(withoutSpace(json), config, where) : beginning
  const special = (name: string): number | undefined => {
    const token: unknown = isObject(config[name]) ? config[name].content : config[name]
    if (token === undefined || token === null) return undefined
    const id = typeof token === 'string' ? beginning.token_to_id(token) : undefined
    if (id === undefined) throw malformed(where, files.config, `${name}: a token of the vocabulary`, show(token))
    return id
  }
  const [bos, eos] = [special('bos_token'), special('eos_token')]
  return {
    vocabularySize: [...beginning.get_vocab().values()].reduce((largest, id) => Math.max(largest, id), -1) + 1,
    encode: (text, options = {}) => {
      const encoded: Encoding = (options.continues ? continuing : beginning).encode(text, { add_special_tokens: false })
      const { ids, tokens } = encoded
      const unknown = ids.findIndex((id) => !Number.isInteger(id))
      if (unknown >= 0) throw malformed(where, files.json, `a token for ${show(tokens[unknown])}`, 'neither that nor an unknown-token')
      return options.bos && bos !== undefined ? [bos, ...ids] : ids
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
      return ids.length === 0 ? '' : beginning.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false })
    },
    ...(bos === undefined ? {} : { bos }),
    ...(eos === undefined ? {} : { eos }),
    json,
    config,
  }
}

/** What the library returns (it declares no type that TypeScript can find). */
interface Encoding {
  readonly ids: readonly number[]
  readonly tokens: readonly string[]
}

const malformed = (file: string, field: string, expected: string, found: string): TokenizerError =>
  new TokenizerError({ file, field, expected, found, advice: "Copy the file again from the model's page." })

const build = (json: Json, config: Json, where: string): HuggingFaceTokenizer => {
  try {
    return new HuggingFaceTokenizer(json, config)
  } catch (error) {
    throw malformed(where, files.json, 'a Hugging Face tokenizer', error instanceof Error ? error.message : String(error))
  }
}

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
 * Decoding while tokens arrive: give each id, get the text that it completes (empty while a character is incomplete).
 * The pieces, joined, are the text of the whole list less that of `before`, the prompt, and less a character still incomplete at its end.
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
