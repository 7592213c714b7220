/**
 * Hugging Face's `config.json` as a `ModelConfig`, and back: of every family that halograd has, in the dialects of transformers 4 and 5.
 * What halograd would compute differently is refused by name, never ignored.
 */
import type { FloatType } from '../io/dtypes.ts'
import { ConfigError, show, throwAll } from '../io/errors.ts'
import { fieldsOf, isObject, type Json, type JsonFields, showJson } from '../io/fields.ts'
import type { ModelConfig, Purpose } from './config.ts'
import type { Family } from './family.ts'
import { families, familyOf, findFamily } from './known.ts'
import { reasonAgainst } from './refusals.ts'
import { refuseUnknown } from './unknown-fields.ts'

/**
 * A parsed Hugging Face `config.json`, in the dialect of transformers 4 or 5, as a `ModelConfig`.
 * @param file named in errors only
 * @param purpose `text` (the default: a language model) or `reward`
 * @throws ConfigError with every flaw: unknown architecture, missing or mistyped fields, variants that halograd does not implement
 * @example
 * ```ts
 * import { parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * ```
 */
export const parseConfig = (json: unknown, file = 'config.json', purpose: Purpose = 'text'): ModelConfig => {
  if (!isObject(json))
    throw new ConfigError({ file, expected: 'a JSON object', found: showJson(json), advice: 'Give a Hugging Face config.json.' })
  const family = declared(json, file, purpose)
  const fields = fieldsOf(json, file)
  const config = { ...family.parse(fields), ...ends(fields) }
  refuseUnknown(json, fields)
  throwAll(ConfigError, fields.findings)
  checkHeads(config, family, fields)
  throwAll(ConfigError, fields.findings)
  return config
}

const declared = (json: Json, file: string, purpose: Purpose): Family => {
  const names = json.architectures
  const architecture: unknown = Array.isArray(names) ? names[0] : undefined
  const byArchitecture = families.find(({ architectures }) => architectures[purpose] === architecture)
  const family = (json.model_type ?? undefined) === undefined ? byArchitecture : findFamily(json.model_type)
  if (family !== undefined) {
    checkPurpose(architecture, family, purpose, file)
    return family
  }
  const found = `${show(json.model_type)}${architecture === undefined ? '' : ` (${show(architecture)})`}`
  const reason = reasonAgainst(json.model_type)
  const supported = families.map(({ key, architectures }) => `${key} (${architectures[purpose]})`)
  throw new ConfigError({
    file,
    field: 'model_type',
    expected: `a supported architecture: ${supported.join(' or ')}`,
    found: reason === undefined ? found : `${found}, ${reason}`,
    advice: 'Use a checkpoint of a supported architecture.',
  })
}

const checkPurpose = (architecture: unknown, { architectures: { text, reward } }: Family, purpose: Purpose, file: string): void => {
  if (purpose === 'text' ? architecture !== reward : architecture === reward) return
  throw new ConfigError({
    file,
    field: 'architectures',
    ...{ expected: purpose === 'text' ? text : reward, found: show(architecture) },
    advice:
      purpose === 'text'
        ? 'This is a reward model, which gives texts a number: use it as a judge, or choose a language model.'
        : 'This is no reward model: `halograd train reward` makes one of it.',
  })
}

/** The tokens that begin and end texts, in `config.json` or `generation_config.json`. */
export const ends = (fields: JsonFields): Pick<ModelConfig, 'bos' | 'eos' | 'stop'> => {
  const [bos] = fields.tokens('bos_token_id')
  const stop = fields.tokens('eos_token_id')
  const [eos, ...others] = stop
  return { ...(bos === undefined ? {} : { bos }), ...(eos === undefined ? {} : { eos }), ...(others.length === 0 ? {} : { stop }) }
}

const checkHeads = (config: ModelConfig, family: Family, fields: JsonFields): void => {
  const { embed, heads, keyValueHeads, headSize, rotated } = config
  if (heads % keyValueHeads !== 0)
    fields.flaw('num_key_value_heads', `a divisor of ${heads}, the query heads`, keyValueHeads, 'Let each serve equally many query heads.')
  if (!Number.isInteger(headSize))
    fields.flaw(
      fields.has('n_head') ? 'n_head' : fields.has('num_heads') ? 'num_heads' : 'num_attention_heads',
      `a divisor of ${embed}, the width`,
      heads,
      'Correct heads or width.',
    )
  else if (headSize % 2 !== 0 && family.architecture({ ...config, layers: 1 }).rotary)
    fields.flaw('head_dim', 'an even integer', headSize, 'Correct it: RoPE turns the coordinates of a head in pairs.')
  else if (rotated !== undefined && (rotated < 2 || rotated > headSize))
    fields.flaw('partial_rotary_factor', `a share of the ${headSize} coordinates of a head`, rotated / headSize, 'Correct the field.')
}

/**
 * The `config.json` of a model: `parseConfig(formatConfig(config))` equals `config`. Interleaved rotation is written as `rope_interleave`, which
 * Hugging Face's Llama ignores; `modelFiles` turns it into `half` rotation first.
 * @param dtype how the weights beside it are written. Default `F32`
 * @param purpose `text` (the default: a language model) or `reward`
 * @example
 * ```ts
 * import { formatConfig, parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const again = parseConfig(JSON.parse(JSON.stringify(formatConfig(config))))
 * ```
 */
export const formatConfig = (config: ModelConfig, dtype: FloatType = 'F32', purpose: Purpose = 'text'): Json => {
  const { architectures, format } = familyOf(config)
  return {
    architectures: [architectures[purpose]],
    ...(purpose === 'reward' ? { num_labels: 1 } : {}),
    model_type: config.family,
    vocab_size: config.vocab,
    ...format(config),
    tie_word_embeddings: config.tied,
    ...(config.bos === undefined ? {} : { bos_token_id: config.bos }),
    ...(config.eos === undefined ? {} : { eos_token_id: config.stop ?? config.eos }),
    torch_dtype: torchNames[dtype],
  }
}

const torchNames: Readonly<Record<FloatType, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }
