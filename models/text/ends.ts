/**
 * Who begins and ends a text, decided once: which tokens they are, and whether a text begins with one. As transformers has it:
 *
 *     the tokens        tokenizer_config.json, else special_tokens_map.json, else config.json, else generation_config.json
 *     does it begin     add_bos_token; else the post-processor of tokenizer.json; else the class of the tokenizer; else the family of the model
 *
 * Where two of them say different things, the first counts, and that is told.
 */
import { isObject, type Json } from '../io/fields.ts'

/** What stands beside a tokenizer's own two files. */
export interface Surroundings {
  readonly specialTokens?: Json
  /** `config.json` and `generation_config.json`. */
  readonly model?: Json
  readonly generation?: Json
}

export interface Ends {
  readonly bos?: number
  readonly eos?: number
  /** The token that a text begins with, if it does. */
  readonly first?: number
  /** Disagreements, a sentence each. */
  readonly notes: readonly string[]
}

/** The vocabulary, both ways. A token that is named and is not there makes `idOf` throw. */
export interface Names {
  readonly idOf: (name: string, field: string) => number
  readonly nameOf: (id: number) => string | undefined
}

type TextEnd = 'bos' | 'eos'

/** @throws whatever `names.idOf` throws for a token that is named and is not there */
export const endsOf = (json: Json, config: Json, around: Surroundings, names: Names): Ends => {
  const notes: string[] = []
  const [bos, eos] = (['bos', 'eos'] as const).map((end) => {
    const said = places(end, config, around, names)
    const [first, ...others] = said
    for (const other of others)
      if (first !== undefined && !other.ids.includes(first.ids[0]!))
        notes.push(
          `${first.where} says that ${show(first, names)} ${verbs[end]}, and ${other.where} ${show(other, names)}: ${show(first, names)} it is`,
        )
    return first?.ids[0]
  })
  const first = beginning(json, config, around, names, bos, notes)
  return { ...(bos !== undefined && { bos }), ...(eos !== undefined && { eos }), ...(first !== undefined && { first }), notes }
}

const verbs: Readonly<Record<TextEnd, string>> = { bos: 'begins texts', eos: 'ends them' }

interface Said {
  readonly where: string
  /** Several tokens may end a text. */
  readonly ids: readonly number[]
}
const show = ({ ids }: Said, { nameOf }: Names): string => ids.map((id) => nameOf(id) ?? `token ${id}`).join(' or ')

/** Everybody who names the token, the one who counts first. A tokenizer that names none on purpose (null) has none that begins a text. */
const places = (
  end: TextEnd,
  config: Json,
  { specialTokens = {}, model = {}, generation = {} }: Surroundings,
  names: Names,
): readonly Said[] => {
  const [token, id] = [`${end}_token`, `${end}_token_id`]
  const named = (file: string, json: Json): readonly Said[] => {
    const content: unknown = isObject(json[token]) ? json[token].content : json[token]
    if ((content ?? undefined) === undefined) return []
    return [{ where: file, ids: [names.idOf(typeof content === 'string' ? content : JSON.stringify(content), token)] }]
  }
  const numbered = (file: string, json: Json): readonly Said[] => {
    const ids = [json[id]].flat().filter((each): each is number => typeof each === 'number' && names.nameOf(each) !== undefined)
    return ids.length === 0 ? [] : [{ where: file, ids }]
  }
  const own = [...named('tokenizer_config.json', config), ...named('special_tokens_map.json', specialTokens)]
  if (own.length === 0 && end === 'bos' && config[token] === null) return []
  return [...own, ...numbered('config.json', model), ...numbered('generation_config.json', generation)]
}

/** Classes of tokenizers, and families whose class it is, that put a beginning before every text unless they are told not to. */
const beginners = /^(Code)?(Llama|Gemma)Tokenizer/
const beginningFamilies = ['llama', 'mistral', 'gemma', 'gemma2', 'gemma3_text', 'phi3']

const beginning = (
  json: Json,
  config: Json,
  { specialTokens = {}, model = {} }: Surroundings,
  names: Names,
  bos: number | undefined,
  notes: string[],
): number | undefined => {
  const processed = templateStart(json.post_processor)
  const put = processed === undefined || processed === null ? undefined : names.idOf(processed, 'post_processor')
  const { add_bos_token: flag, tokenizer_class: kind } = config
  if (typeof flag === 'boolean') {
    if (processed !== undefined && flag !== (put !== undefined))
      notes.push(
        `tokenizer_config.json says add_bos_token: ${flag}, and the post-processor of tokenizer.json does otherwise: texts ${flag ? 'begin' : 'do not begin'} with a token of their own`,
      )
    return flag ? (put ?? bos) : undefined
  }
  if (processed !== undefined) return put
  if (typeof kind === 'string') return beginners.test(kind) ? bos : undefined
  if (typeof model.model_type === 'string' && (config.bos_token ?? specialTokens.bos_token ?? undefined) === undefined)
    return beginningFamilies.includes(model.model_type) ? bos : undefined
  return bos
}

/** The special token that a template puts before a text; null where it puts none; nothing where there is no template. */
const templateStart = (processor: unknown): string | null | undefined => {
  if (!isObject(processor)) return undefined
  if (processor.type === 'Sequence' && Array.isArray(processor.processors))
    return processor.processors.map(templateStart).find((start) => start !== undefined)
  if (processor.type !== 'TemplateProcessing' || !Array.isArray(processor.single)) return undefined
  const [first]: readonly unknown[] = processor.single
  const special = isObject(first) && isObject(first.SpecialToken) ? first.SpecialToken.id : undefined
  return typeof special === 'string' ? special : null
}
