/**
 * What the fields of `config.json` mean that families share: activations, RoPE in both dialects, windows; and how they are written.
 *
 *     transformers 4    rope_theta, rope_scaling: {rope_type | type, …} | null, partial_rotary_factor        torch_dtype
 *     transformers 5    rope_parameters: {rope_type, rope_theta, …}                                          dtype
 */
import { isObject, type Json, type JsonFields } from '../io/fields.ts'
import type { Activation, ModelConfig, RopeScaling } from './config.ts'

/** Hugging Face's names; several of them for one function. */
export const activations = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'geluTanh',
  gelu_fast: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  relu: 'relu',
} as const satisfies Readonly<Record<string, Activation>>
export const activationNames: Readonly<Record<Activation, string>> = { silu: 'silu', gelu: 'gelu', geluTanh: 'gelu_new', relu: 'relu' }

// ------------------------------------------------------------------ RoPE

/** What `parse` finds of RoPE. */
export type RopeFields = Pick<ModelConfig, 'ropeTheta' | 'rope' | 'rotated'>

export interface RopeDefaults {
  /** The base. Default: 10000. */
  readonly theta?: number
  /** The name of the base at the top level. Default: `rope_theta`. */
  readonly base?: string
  /** The share of a head's coordinates that rotate, where nothing says it. Default: 1. */
  readonly partial?: number
  /** Its name at the top level. Default: `partial_rotary_factor`. */
  readonly share?: string
  /** Other names of scalings. */
  readonly aliases?: Readonly<Record<string, string>>
}

/** RoPE's base, scaling and share, wherever a configuration of transformers 4 or 5 keeps them. */
export const readRope = (fields: JsonFields, headSize: number, context: number, defaults: RopeDefaults = {}): RopeFields => {
  const { base = 'rope_theta', share = 'partial_rotary_factor', theta = 10000, partial = 1 } = defaults
  const [newer, older] = [fields.get('rope_parameters'), fields.get('rope_scaling')]
  const name = newer === undefined ? 'rope_scaling' : 'rope_parameters'
  const rope = newer ?? older ?? {}
  if (!isObject(rope)) {
    fields.flaw(name, 'an object, or null', rope, 'Correct the field.')
    return { ropeTheta: theta }
  }
  const inner = ropeReader(fields, name, rope)
  const rotated = 2 * Math.floor((headSize * inner.number('partial_rotary_factor', fields.positive(share, partial))) / 2)
  const scaling = readScaling(fields, inner, name, rope, rotated, context, defaults.aliases ?? {})
  const ropeTheta = inner.number('rope_theta', fields.positive(base, theta))
  inner.refuseOthers()
  return {
    ropeTheta,
    ...(scaling && { rope: scaling }),
    ...(rotated === headSize ? {} : { rotated }),
  }
}

type RopeReader = ReturnType<typeof ropeReader>
const ropeReader = (fields: JsonFields, name: string, rope: Json) => {
  const read = new Set(['rope_type', 'type'])
  const get = (key: string): unknown => {
    read.add(key)
    return rope[key] ?? undefined
  }
  const number = (key: string, otherwise?: number): number => {
    const value = get(key) ?? otherwise
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
    fields.flaw(`${name}.${key}`, 'a positive number', value, 'Correct the field: it decides every position of the model.')
    return 1
  }
  return {
    get,
    number,
    list: (key: string, length: number): readonly number[] => {
      const value = get(key)
      if (Array.isArray(value) && value.length === length && value.every((x) => typeof x === 'number' && x > 0)) return value
      fields.flaw(`${name}.${key}`, `${length} positive numbers, one for each pair of coordinates`, value, 'Correct the field.')
      return Array.from({ length }, () => 1)
    },
    /** A key that nobody asked for says something that nobody computes. */
    refuseOthers: (): void => {
      for (const [key, value] of Object.entries(rope))
        if (!read.has(key) && !harmless.has(key) && (value ?? false) !== false)
          fields.flaw(`${name}.${key}`, 'nothing', value, 'Use a checkpoint without it: halograd does not implement this variant.')
    },
  }
}
/** What files carry beside a scaling that does not use it. */
const harmless = new Set(['finetuned', 'original_max_position_embeddings', 'factor'])

const readScaling = (
  fields: JsonFields,
  inner: RopeReader,
  name: string,
  rope: Json,
  rotated: number,
  context: number,
  aliases: Readonly<Record<string, string>>,
): RopeScaling | undefined => {
  const said: unknown = rope.rope_type ?? rope.type ?? 'default'
  const type: unknown = typeof said === 'string' ? (aliases[said] ?? said) : said
  const outer = fields.get('original_max_position_embeddings')
  const original = (): number => inner.number('original_max_position_embeddings', typeof outer === 'number' ? outer : context)
  switch (type) {
    case 'default':
      return undefined
    case 'linear':
    case 'dynamic':
      return { type, factor: inner.number('factor') }
    case 'llama3':
      return {
        ...{ type, factor: inner.number('factor'), original: inner.number('original_max_position_embeddings') },
        ...{ low: inner.number('low_freq_factor'), high: inner.number('high_freq_factor') },
      }
    case 'yarn': {
      const before = original()
      const factor = inner.number('factor', context / before)
      const truncate = inner.get('truncate') !== false
      const [betaFast, betaSlow] = [inner.number('beta_fast', 32), inner.number('beta_slow', 1)]
      return { type, factor, original: before, betaFast, betaSlow, truncate, attention: yarnAttention(inner, factor) }
    }
    case 'longrope': {
      const before = original()
      const factor = inner.number('factor', context / before)
      const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(before))
      const [short, long] = [inner.list('short_factor', rotated / 2), inner.list('long_factor', rotated / 2)]
      return { type, short, long, original: before, attention: inner.number('attention_factor', usual) }
    }
    default:
      fields.flaw(
        `${name}.rope_type`,
        'default, linear, dynamic, llama3, yarn or longrope',
        said,
        'Use a checkpoint with one of these: halograd does not implement this scaling.',
      )
      return undefined
  }
}

const yarnAttention = (inner: RopeReader, factor: number): number => {
  const magnitude = (k: number): number => (factor <= 1 ? 1 : 0.1 * k * Math.log(factor) + 1)
  const [some, all] = [inner.get('mscale'), inner.get('mscale_all_dim')]
  const usual =
    typeof some === 'number' && typeof all === 'number' && some !== 0 && all !== 0 ? magnitude(some) / magnitude(all) : magnitude(1)
  return inner.number('attention_factor', usual)
}

/** RoPE as transformers 4 writes it, which 5 reads, too. */
export const formatRope = ({ ropeTheta, rope, rotated, headSize }: ModelConfig, names: RopeDefaults = {}): Json => ({
  [names.base ?? 'rope_theta']: ropeTheta,
  ...(rope && { rope_scaling: formatScaling(rope) }),
  ...(rotated === undefined && names.partial === undefined
    ? {}
    : { [names.share ?? 'partial_rotary_factor']: (rotated ?? headSize) / headSize }),
})

const formatScaling = (rope: RopeScaling): Json => {
  const { type } = rope
  switch (type) {
    case 'linear':
    case 'dynamic':
      return { rope_type: type, factor: rope.factor }
    case 'llama3':
      return {
        ...{ rope_type: type, factor: rope.factor, low_freq_factor: rope.low, high_freq_factor: rope.high },
        original_max_position_embeddings: rope.original,
      }
    case 'yarn':
      return {
        ...{ rope_type: type, factor: rope.factor, original_max_position_embeddings: rope.original },
        ...{ beta_fast: rope.betaFast, beta_slow: rope.betaSlow, truncate: rope.truncate, attention_factor: rope.attention },
      }
    case 'longrope':
      return {
        ...{ rope_type: type, short_factor: rope.short, long_factor: rope.long },
        ...{ original_max_position_embeddings: rope.original, attention_factor: rope.attention },
      }
  }
}

/** Fields whose `rope_parameters`, where they are kept by kind of layer, are those of one kind. */
export const nestedRope = (fields: JsonFields, kind: string): JsonFields => ({
  ...fields,
  get: (field) => {
    const value = fields.get(field)
    return field === 'rope_parameters' && isObject(value) && isObject(value[kind]) ? value[kind] : value
  },
})

// ------------------------------------------------------------------ windows

/**
 * The window of each layer: `layer_types` says which slide, and where it is absent `slides`.
 * @param otherwise the width of the window where `sliding_window` is absent (which is not null)
 */
export const readWindows = (
  fields: JsonFields,
  layers: number,
  slides: (layer: number) => boolean,
  otherwise?: number,
): Pick<ModelConfig, 'windows'> => {
  const types = fields.get('layer_types')
  if (types !== undefined && !(Array.isArray(types) && types.length === layers && types.every(isLayerType))) {
    fields.flaw('layer_types', `${layers} of full_attention and sliding_attention`, types, 'Use a checkpoint of such layers only.')
    return {}
  }
  const sliding = (layer: number): boolean => (Array.isArray(types) ? types[layer] === 'sliding_attention' : slides(layer))
  const present = fields.has('sliding_window') ? fields.get('sliding_window') !== undefined : otherwise !== undefined
  if (!present || !Array.from({ length: layers }, (_, i) => sliding(i)).includes(true)) return {}
  const width = fields.count('sliding_window', otherwise)
  return { windows: Array.from({ length: layers }, (_, i) => (sliding(i) ? width : null)) }
}
const isLayerType = (type: unknown): boolean => type === 'full_attention' || type === 'sliding_attention'

export const formatWindows = ({ windows }: ModelConfig): Json => ({
  sliding_window: windows?.find((width) => width !== null) ?? null,
  ...(windows && { layer_types: windows.map((width) => (width === null ? 'full_attention' : 'sliding_attention')) }),
})

/** Qwen's windows: with `use_sliding_window`, the layers from `max_window_layers` on slide. */
export const readQwenWindows = (fields: JsonFields, layers: number): Pick<ModelConfig, 'windows'> => {
  const from = fields.get('max_window_layers') ?? 28
  if (typeof from !== 'number') fields.flaw('max_window_layers', 'a number of layers', from, 'Correct the field.')
  if (fields.flag('use_sliding_window', false)) return readWindows(fields, layers, (layer) => layer >= Number(from), 4096)
  for (const unused of ['sliding_window', 'layer_types']) fields.get(unused)
  return {}
}

export const formatQwenWindows = (config: ModelConfig): Json => {
  const first = config.windows?.findIndex((width) => width !== null)
  return {
    use_sliding_window: config.windows !== undefined,
    ...(first !== undefined && { max_window_layers: first }),
    ...formatWindows(config),
  }
}
