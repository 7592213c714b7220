/**
 * What a transformer is, in numbers: one `ModelConfig` for both families, read from and written to Hugging Face's `config.json`.
 * Whatever halograd would compute differently (scaled RoPE, attention biases, another activation) is refused, never ignored.
 */
import type { FloatType } from '../io/dtypes.ts'
import { ConfigError, show, throwAll } from '../io/errors.ts'
import { type Fields, fieldsOf, isObject, type Json, showJson } from '../io/fields.ts'

/** `llama`: RMSNorm, RoPE, grouped-query attention, SwiGLU. `gpt2`: LayerNorm, learned positions, GELU, biases. */
export type Family = 'llama' | 'gpt2'

/** Which coordinates of a head RoPE turns together: i and i + headSize/2 (`half`, Hugging Face), or 2i and 2i + 1 (`interleaved`, llama2.c). */
export type Rotation = 'half' | 'interleaved'

/** `geluTanh` is GPT-2's own approximation (`gelu_new`); `gelu` is the exact x·Φ(x). */
export type Activation = 'silu' | 'gelu' | 'geluTanh'

export interface ModelConfig {
  readonly family: Family
  /** Number of tokens in the vocabulary. */
  readonly vocab: number
  /** The longest sequence, in tokens. */
  readonly context: number
  /** Width of the residual stream. */
  readonly embed: number
  readonly layers: number
  /** Query heads. */
  readonly heads: number
  /** Key and value heads; each serves `heads / keyValueHeads` query heads. Equal to `heads` in GPT-2. */
  readonly keyValueHeads: number
  readonly headSize: number
  /** Width of the feed-forward layer. */
  readonly hidden: number
  readonly activation: Activation
  readonly normEpsilon: number
  /** RoPE's base. GPT-2 has learned positions and reads neither this nor `rotation`. */
  readonly ropeTheta: number
  readonly rotation: Rotation
  /** Whether the output layer is the embedding, transposed. */
  readonly tied: boolean
  /** Token that begins a text, and token that ends one. */
  readonly bos?: number
  readonly eos?: number
  /** Tokens that end an answer, `eos` among them, where there are several (the end of a text, the end of a turn). */
  readonly stop?: readonly number[]
}

/** What the numbers of a model are: logits of the next token, or the reward of a text. */
export type Purpose = 'text' | 'reward'

const architectures: Readonly<Record<Family, Readonly<Record<Purpose, string>>>> = {
  llama: { text: 'LlamaForCausalLM', reward: 'LlamaForSequenceClassification' },
  gpt2: { text: 'GPT2LMHeadModel', reward: 'GPT2ForSequenceClassification' },
}
const isFamily = (name: unknown): name is Family => typeof name === 'string' && Object.hasOwn(architectures, name)

/** Hugging Face's names; two of them for one function. */
const silu = { silu: 'silu' } as const
const gelus = { gelu_new: 'geluTanh', gelu_pytorch_tanh: 'geluTanh', gelu: 'gelu' } as const
const activationNames: Readonly<Record<Activation, string>> = { silu: 'silu', gelu: 'gelu', geluTanh: 'gelu_new' }

/**
 * A parsed Hugging Face `config.json` as a `ModelConfig`: `parseConfig(parseJson(text), file)`.
 * @param file named in errors only
 * @throws ConfigError with every flaw: unknown architecture, missing or mistyped fields, variants that halograd does not implement
 */
export const parseConfig = (json: unknown, file = 'config.json', purpose: Purpose = 'text'): ModelConfig => {
  if (!isObject(json))
    throw new ConfigError({ file, expected: 'a JSON object', found: showJson(json), advice: 'Give a Hugging Face config.json.' })
  const family = familyOf(json, file, purpose)
  const fields = fieldsOf(json, file)
  const config = { ...(family === 'llama' ? llama(json, fields) : gpt2(fields)), ...ends(fields) }
  throwAll(ConfigError, fields.findings)
  checkHeads(config, fields)
  throwAll(ConfigError, fields.findings)
  return config
}

const familyOf = (json: Json, file: string, purpose: Purpose): Family => {
  const declared = json.architectures
  const architecture: unknown = Array.isArray(declared) ? declared[0] : undefined
  const byArchitecture = Object.entries(architectures).find(([, names]) => names[purpose] === architecture)?.[0]
  const family = json.model_type ?? byArchitecture
  if (isFamily(family)) {
    checkPurpose(architecture, family, purpose, file)
    return family
  }
  const supported = Object.entries(architectures).map(([type, names]) => `${type} (${names[purpose]})`)
  throw new ConfigError({
    file,
    field: 'model_type',
    expected: `a supported architecture: ${supported.join(' or ')}`,
    found: `${show(json.model_type)}${architecture === undefined ? '' : ` (${show(architecture)})`}`,
    advice: 'Use a checkpoint of a supported architecture.',
  })
}

const checkPurpose = (architecture: unknown, family: Family, purpose: Purpose, file: string): void => {
  const { text, reward } = architectures[family]
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
export const ends = (fields: Fields): Pick<ModelConfig, 'bos' | 'eos' | 'stop'> => {
  const [bos] = fields.tokens('bos_token_id')
  const stop = fields.tokens('eos_token_id')
  const [eos, ...others] = stop
  return { ...(bos === undefined ? {} : { bos }), ...(eos === undefined ? {} : { eos }), ...(others.length === 0 ? {} : { stop }) }
}

const llama = (json: Json, fields: Fields): ModelConfig => {
  fields.only('attention_bias', false)
  fields.only('mlp_bias', false)
  const embed = fields.count('hidden_size')
  const heads = fields.count('num_attention_heads')
  return {
    family: 'llama',
    vocab: fields.count('vocab_size'),
    context: fields.count('max_position_embeddings', 2048),
    embed,
    layers: fields.count('num_hidden_layers'),
    heads,
    keyValueHeads: fields.count('num_key_value_heads', heads),
    headSize: (json.head_dim ?? undefined) === undefined ? embed / heads : fields.count('head_dim'),
    hidden: fields.count('intermediate_size'),
    activation: fields.choice('hidden_act', silu, 'silu') ?? 'silu',
    normEpsilon: fields.positive('rms_norm_eps', 1e-6),
    ropeTheta: ropeTheta(json, fields),
    rotation: fields.flag('rope_interleave', false) ? 'interleaved' : 'half',
    tied: fields.flag('tie_word_embeddings', false),
  }
}

/** RoPE's base: `rope_theta`, or inside `rope_parameters` since transformers 5. Scaled variants (linear, dynamic, llama3, …) are refused. */
const ropeTheta = (json: Json, fields: Fields): number => {
  const [name, rope] = isObject(json.rope_parameters) ? ['rope_parameters', json.rope_parameters] : ['rope_scaling', json.rope_scaling]
  if (!isObject(rope)) return fields.positive('rope_theta', 10000)
  const kind = rope.rope_type ?? rope.type ?? 'default'
  if (kind !== 'default')
    fields.flaw(`${name}.rope_type`, '"default"', kind, 'Use a checkpoint with unscaled RoPE: scaling is not implemented.')
  if (rope.rope_theta === undefined) return fields.positive('rope_theta', 10000)
  if (typeof rope.rope_theta === 'number' && rope.rope_theta > 0) return rope.rope_theta
  fields.flaw(`${name}.rope_theta`, 'a positive number', rope.rope_theta, 'Correct the field.')
  return 1
}

const gpt2 = (fields: Fields): ModelConfig => {
  fields.only('scale_attn_weights', true)
  fields.only('scale_attn_by_inverse_layer_idx', false)
  fields.only('add_cross_attention', false)
  const embed = fields.count('n_embd')
  const heads = fields.count('n_head')
  return {
    family: 'gpt2',
    vocab: fields.count('vocab_size'),
    context: fields.count('n_positions', 1024),
    embed,
    layers: fields.count('n_layer'),
    heads,
    keyValueHeads: heads,
    headSize: embed / heads,
    hidden: fields.count('n_inner', 4 * embed),
    activation: fields.choice('activation_function', gelus, 'gelu_new') ?? 'geluTanh',
    normEpsilon: fields.positive('layer_norm_epsilon', 1e-5),
    ropeTheta: 10000,
    rotation: 'half',
    tied: fields.flag('tie_word_embeddings', true),
  }
}

const checkHeads = ({ family, embed, heads, keyValueHeads, headSize }: ModelConfig, fields: Fields): void => {
  if (heads % keyValueHeads !== 0)
    fields.flaw('num_key_value_heads', `a divisor of ${heads}, the query heads`, keyValueHeads, 'Let each serve equally many query heads.')
  if (!Number.isInteger(headSize))
    fields.flaw(family === 'llama' ? 'num_attention_heads' : 'n_head', `a divisor of ${embed}, the width`, heads, 'Correct heads or width.')
  else if (family === 'llama' && headSize % 2 !== 0)
    fields.flaw('head_dim', 'an even integer', headSize, 'Correct it: RoPE turns the coordinates of a head in pairs.')
}

/**
 * The `config.json` of a model: `parseConfig(formatConfig(config))` equals `config`.
 * `dtype` says how the weights beside it are written. Interleaved rotation is written as `rope_interleave`, which Hugging Face's Llama ignores: for export, first turn it into `half` (`toHalfRotation`).
 */
export const formatConfig = (config: ModelConfig, dtype: FloatType = 'F32', purpose: Purpose = 'text'): Json => ({
  architectures: [architectures[config.family][purpose]],
  ...(purpose === 'reward' ? { num_labels: 1 } : {}),
  model_type: config.family,
  vocab_size: config.vocab,
  ...(config.family === 'llama' ? llamaFields(config) : gpt2Fields(config)),
  tie_word_embeddings: config.tied,
  ...(config.bos === undefined ? {} : { bos_token_id: config.bos }),
  ...(config.eos === undefined ? {} : { eos_token_id: config.stop ?? config.eos }),
  torch_dtype: torchNames[dtype],
})

const torchNames: Readonly<Record<FloatType, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

const llamaFields = (config: ModelConfig): Json => ({
  hidden_size: config.embed,
  intermediate_size: config.hidden,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  num_key_value_heads: config.keyValueHeads,
  head_dim: config.headSize,
  max_position_embeddings: config.context,
  hidden_act: activationNames[config.activation],
  rms_norm_eps: config.normEpsilon,
  rope_theta: config.ropeTheta,
  ...(config.rotation === 'interleaved' ? { rope_interleave: true } : {}),
  attention_bias: false,
  mlp_bias: false,
})

const gpt2Fields = (config: ModelConfig): Json => ({
  n_embd: config.embed,
  n_inner: config.hidden,
  n_layer: config.layers,
  n_head: config.heads,
  n_positions: config.context,
  activation_function: activationNames[config.activation],
  layer_norm_epsilon: config.normEpsilon,
})
