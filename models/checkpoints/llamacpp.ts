/**
 * A model as the GGUF file that llama.cpp reads: its names for hyperparameters and tensors, its layouts, its tokenizer.
 * llama.cpp rotates *interleaved* pairs of coordinates, as llama2.c does, and keeps all matrices [output, input]. What it would compute differently is refused.
 */

import { own } from '../../core/internal.ts'
import { ConfigError } from '../io/errors.ts'
import { f32, flag, formatGguf, type GgufTensor, type GgufType, type Metadata, text, u32 } from '../io/gguf.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { ModelConfig } from '../nets/config.ts'
import type { Gguf, GgufNumber } from '../nets/family.ts'
import { architectureOf, familyOf } from '../nets/known.ts'
import { ropeOf } from '../nets/llama-like.ts'
import { isTransposed } from '../nets/lora.ts'
import { table } from '../nets/rope.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import { toInterleavedRotation } from './llama2c.ts'
import { llamaCppVocabulary } from './llamacpp-vocabulary.ts'

/** How a model is written as GGUF. */
export interface GgufOptions {
  /** How matrices are written. Vectors are always F32, and what Q8_0 does not divide is F16. Default F16. */
  readonly dtype?: GgufType
  /** Of the model, for people. */
  readonly name?: string
}

/**
 * The bytes of a GGUF file, piece by piece, for `writeAtomically`.
 * @param tensors from `toWeights`
 * @throws ConfigError, TokenizerError where llama.cpp would compute or tokenize differently
 * @example
 * ```ts
 * import { ggufFile, type LoadedModel, type StoredTensor } from 'halograd/models'
 * export const bytes = ({ model, tokenizer }: LoadedModel, tensors: readonly StoredTensor[]) =>
 *   ggufFile(model.config, tensors, tokenizer, { dtype: 'Q8_0', name: 'mine' })
 * ```
 */
export const ggufFile = (
  config: ModelConfig,
  tensors: readonly StoredTensor[],
  tokenizer: Pick<Tokenizer, 'json' | 'config' | 'bos' | 'eos' | 'begins'>,
  { dtype = 'F16', name = 'halograd' }: GgufOptions = {},
): Iterable<Uint8Array> => {
  const { gguf, architectures } = familyOf(config)
  const scaling = gguf && scalingOf(gguf, config)
  const against =
    gguf === undefined
      ? `${architectures.text}, which it does not have`
      : (gguf.against?.(config) ?? scaling?.against ?? partial(gguf, config))
  if (gguf === undefined || scaling === undefined || against !== undefined)
    throw new ConfigError({
      ...{ field: 'model_type', expected: 'a model that llama.cpp computes, too', found: `${config.family} with ${against}` },
      advice: 'Export as a Hugging Face directory (--format hf).',
    })
  const metadata: Metadata = {
    'general.architecture': text(gguf.architecture),
    'general.name': text(name),
    'general.file_type': u32(fileTypes[dtype]),
    'general.quantization_version': u32(2),
    ...hyperparameters(config, gguf, scaling.metadata),
    ...llamaCppVocabulary(tokenizer, config.vocab),
  }
  const { tensors: turned } = gguf.rotation === 'interleaved' ? toInterleavedRotation({ config, tensors }) : { tensors }
  return formatGguf(metadata, [...turned.map((tensor) => renamed(config, gguf, tensor, dtype)), ...scaling.tensors])
}

const partial = ({ rotation }: Gguf, { rotated }: ModelConfig): string | undefined =>
  rotation === 'interleaved' && rotated !== undefined ? 'heads that rotate in part' : undefined

/** llama.cpp's numbers for what most of a file is. */
const fileTypes: Readonly<Record<GgufType, number>> = { F32: 0, F16: 1, Q8_0: 7, BF16: 32 }

const hyperparameters = (config: ModelConfig, gguf: Gguf, scaling: Metadata): Metadata => {
  const { vocab, context, embed, layers, heads, keyValueHeads, headSize, hidden, normEpsilon, ropeTheta, rotated = headSize } = config
  const { rotary, norm } = architectureOf(config)
  const value = (x: GgufNumber) => ('u32' in x ? u32(x.u32) : 'f32' in x ? f32(x.f32) : flag(x.flag))
  const own = {
    vocab_size: u32(vocab),
    context_length: u32(context),
    embedding_length: u32(embed),
    block_count: u32(layers),
    feed_forward_length: u32(hidden),
    'attention.head_count': u32(heads),
    'attention.head_count_kv': u32(keyValueHeads),
    [`attention.layer_norm_${norm?.kind === 'rms' ? 'rms_' : ''}epsilon`]: f32(normEpsilon),
    ...(rotary && {
      'attention.key_length': u32(headSize),
      'attention.value_length': u32(headSize),
      'rope.dimension_count': u32(rotated),
      'rope.freq_base': f32(ropeTheta),
    }),
    ...scaling,
    ...Object.fromEntries(Object.entries(gguf.metadata?.(config) ?? {}).map(([key, x]) => [key, value(x)])),
  }
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [`${gguf.architecture}.${key}`, value]))
}

interface GgufRopeScaling {
  readonly metadata: Metadata
  readonly tensors: readonly GgufTensor[]
  readonly against?: string
}
/** RoPE's scaling: by name, or as factors that each frequency is divided by. */
const scalingOf = ({ architecture }: Gguf, config: ModelConfig): GgufRopeScaling => {
  const { rope } = config
  const factors = (name: string, values: readonly number[]): GgufTensor => ({
    ...{ name: `${name}.weight`, shape: [values.length], data: Float32Array.from(values), type: 'F32' },
  })
  switch (rope?.type) {
    case undefined:
    case 'dynamic': // within its context, which is all that is allowed, it changes nothing
      return { metadata: {}, tensors: [] }
    case 'linear':
      return { metadata: { 'rope.scaling.type': text('linear'), 'rope.scaling.factor': f32(rope.factor) }, tensors: [] }
    case 'llama3': {
      const { scaling: _, ...unscaled } = ropeOf(config)
      const [scaled, plain] = [table(ropeOf(config), 0), table(unscaled, 0)]
      const values = plain.frequencies.map((f, i) => f / scaled.frequencies[i]!)
      return {
        metadata: {},
        tensors: [factors('rope_freqs', values)],
        ...(architecture !== 'llama' && { against: 'RoPE scaled as in Llama 3' }),
      }
    }
    case 'yarn': {
      const usual = rope.factor <= 1 ? 1 : 0.1 * Math.log(rope.factor) + 1
      const plain = rope.betaFast === 32 && rope.betaSlow === 1 && rope.truncate && Math.abs(rope.attention - usual) < 1e-9
      const metadata = { 'rope.scaling.type': text('yarn'), 'rope.scaling.factor': f32(rope.factor) }
      return {
        metadata: { ...metadata, 'rope.scaling.original_context_length': u32(rope.original) },
        ...{ tensors: [], ...(!plain && { against: 'YaRN with numbers of its own' }) },
      }
    }
    case 'longrope':
      return {
        metadata: { 'rope.scaling.attn_factor': f32(rope.attention) },
        tensors: [factors('rope_factors_long', rope.long), factors('rope_factors_short', rope.short)],
        ...(architecture !== 'phi3' && { against: 'LongRoPE' }),
      }
  }
}

/** A tensor as llama.cpp has it: its name, its layout, the one added to its gains. */
const renamed = (config: ModelConfig, gguf: Gguf, tensor: StoredTensor, dtype: GgufType): GgufTensor => {
  const { layers } = architectureOf(config)
  const prefix = layers[0]!.name.replace(/0$/, '')
  const inside = tensor.name.startsWith(prefix) ? /^(\d+)\.(.+)$/.exec(tensor.name.slice(prefix.length)) : null
  const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(inside?.[2] ?? tensor.name)!
  const name = own(gguf.names, module!)!
  const { shape, data } = laidOut(config, gguf, tensor, name)
  const precise = shape.length === 1 || name === 'position_embd'
  return {
    name: `${inside === null ? '' : `blk.${inside[1]}.`}${name}.${kind}`,
    ...{ shape, data },
    type: precise ? 'F32' : dtype === 'Q8_0' && shape.at(-1)! % 32 !== 0 ? 'F16' : dtype,
  }
}

type Laid = Pick<StoredTensor, 'shape' | 'data'>
const laidOut = (config: ModelConfig, { plusOne = false, splitHeads = false }: Gguf, tensor: StoredTensor, name: string): Laid => {
  const { shape, data } = tensor
  if (plusOne && name.endsWith('norm')) return { shape, data: data.map((x) => x + 1) }
  if (splitHeads && name === 'attn_qkv') return { shape, data: partsTogether(data, config) }
  // GPT-2's own matrices are [input, output].
  return isTransposed(config) && shape.length === 2 && !/^(token|position)_embd$|^output$/.test(name) ? transposed(tensor) : { shape, data }
}

/** Rows [head, part, coordinate] as [part, head, coordinate]. */
const partsTogether = (data: Float32Array, { heads, headSize }: ModelConfig): Float32Array => {
  const made = new Float32Array(data.length)
  const rows = (data.length / (3 * heads * headSize)) * headSize
  for (let head = 0; head < heads; head++)
    for (let part = 0; part < 3; part++)
      made.set(data.subarray((head * 3 + part) * rows, (head * 3 + part + 1) * rows), (part * heads + head) * rows)
  return made
}

const transposed = ({ shape, data }: StoredTensor): Pick<StoredTensor, 'shape' | 'data'> => {
  const [rows, columns] = [shape[0]!, shape[1]!]
  const turned = new Float32Array(data.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column]!
  return { shape: [columns, rows], data: turned }
}
