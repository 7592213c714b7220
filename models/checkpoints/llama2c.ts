/**
 * The llama2.c form of a Llama checkpoint (https://github.com/karpathy/llama2.c, run.c): seven int32, then float32 weights in a fixed order,
 * each kind for all layers at once. Its RoPE turns *interleaved* pairs of coordinates, Hugging Face's turns the halves of a head.
 */

import { decode } from '../io/dtypes.ts'
import { CheckpointError } from '../io/errors.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { ModelConfig, Rotation } from '../nets/config.ts'
import { architectureOf } from '../nets/known.ts'

export interface Llama2c {
  readonly config: ModelConfig
  /** Under Hugging Face's names and in its shapes [output, input], but for the rotation as stored: see `config.rotation`. */
  readonly tensors: readonly StoredTensor[]
}

const headerBytes = 28

/**
 * A llama2.c model, with its weights not permuted: `config.rotation` is `interleaved`.
 * @param bytes not to be changed while the tensors are in use
 * @param file named in errors only
 * @throws CheckpointError when the header is implausible or the file is too short or too long for it
 */
export const parseLlama2c = (bytes: Uint8Array, file: string): Llama2c => {
  const config = headerOf(bytes, file)
  const plan = layout(config)
  const elements = plan.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size), 0)
  const expected = headerBytes + 4 * elements
  if (bytes.length !== expected)
    throw new CheckpointError({
      file,
      expected: `${expected} bytes for a model of ${config.layers} layers and width ${config.embed}`,
      found: `${bytes.length} bytes`,
      advice: "The file is truncated or is not llama2.c's: download it again.",
    })
  const data = decode(bytes.subarray(headerBytes), 'F32')
  let begin = 0
  const tensors = plan.flatMap(({ name, shape }) => {
    const end = begin + shape.reduce((product, size) => product * size)
    const tensor = { name, dtype: 'F32' as const, shape, data: data.subarray(begin, end) }
    begin = end
    return name === skipped ? [] : [tensor]
  })
  return { config, tensors }
}

const headerOf = (bytes: Uint8Array, file: string): ModelConfig => {
  const advice = 'Give a llama2.c checkpoint in its legacy format (such as stories260K.bin).'
  if (bytes.length < headerBytes)
    throw new CheckpointError({ file, expected: `a header of ${headerBytes} bytes`, found: `${bytes.length} bytes`, advice })
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes)
  const field = (i: number): number => view.getInt32(4 * i, true)
  const [embed, hidden, layers, heads] = [field(0), field(1), field(2), field(3)]
  const [keyValueHeads, vocab, context] = [field(4), field(5), field(6)]
  const sizes = [embed, hidden, layers, heads, keyValueHeads, Math.abs(vocab), context]
  const headSize = embed / heads
  if (sizes.some((size) => size <= 0 || size > 2 ** 24) || !Number.isInteger(headSize) || headSize % 2 !== 0 || heads % keyValueHeads !== 0)
    throw new CheckpointError({
      file,
      expected: 'a header of seven counts: width, hidden, layers, heads, key-value heads, ±vocabulary, context',
      found: `[${embed}, ${hidden}, ${layers}, ${heads}, ${keyValueHeads}, ${vocab}, ${context}]`,
      advice,
    })
  return {
    family: 'llama',
    vocab: Math.abs(vocab),
    context,
    embed,
    layers,
    heads,
    keyValueHeads,
    headSize,
    hidden,
    activation: 'silu',
    normEpsilon: 1e-5,
    ropeTheta: 10000,
    rotation: 'interleaved',
    // A negative vocabulary says that an output layer of its own follows.
    tied: vocab > 0,
    bos: 1,
    eos: 2,
  }
}

/** Tables of cosines and sines that old files carry: recomputed, never read. */
const skipped = 'freq_cis'

const layout = (config: ModelConfig): readonly { readonly name: string; readonly shape: readonly number[] }[] => {
  const { embed, hidden, vocab, context, headSize } = config
  const [queries, keys] = [config.heads * headSize, config.keyValueHeads * headSize]
  const inEachLayer = (name: string, ...shape: readonly number[]) =>
    Array.from({ length: config.layers }, (_, layer) => ({ name: `model.layers.${layer}.${name}.weight`, shape }))
  return [
    { name: 'model.embed_tokens.weight', shape: [vocab, embed] },
    ...inEachLayer('input_layernorm', embed),
    ...inEachLayer('self_attn.q_proj', queries, embed),
    ...inEachLayer('self_attn.k_proj', keys, embed),
    ...inEachLayer('self_attn.v_proj', keys, embed),
    ...inEachLayer('self_attn.o_proj', embed, queries),
    ...inEachLayer('post_attention_layernorm', embed),
    ...inEachLayer('mlp.gate_proj', hidden, embed),
    ...inEachLayer('mlp.down_proj', embed, hidden),
    ...inEachLayer('mlp.up_proj', hidden, embed),
    { name: 'model.norm.weight', shape: [embed] },
    { name: skipped, shape: [context, headSize] },
    ...(config.tied ? [] : [{ name: 'lm_head.weight', shape: [vocab, embed] }]),
  ]
}

/**
 * The same model in Hugging Face's rotation: the rows of every query and key head are reordered, coordinates 2i to i and 2i + 1 to i + headSize/2.
 * Queries and keys move together, so every attention score stays the same. A model already in `half` rotation is returned as it is.
 */
export const toHalfRotation = (model: Llama2c): Llama2c => rotatedAs('half', model, (i, half) => (i < half ? 2 * i : 2 * (i - half) + 1))

/** The other way round: the same model in the rotation of llama2.c and llama.cpp. GPT-2, which does not rotate, is returned as it is. */
export const toInterleavedRotation = (model: Llama2c): Llama2c =>
  rotatedAs('interleaved', model, (i, half) => (i % 2 === 0 ? i / 2 : half + (i - 1) / 2))

/** `from` says which coordinate of a head comes to the i-th place. */
const rotatedAs = (rotation: Rotation, { config, tensors }: Llama2c, from: (i: number, half: number) => number): Llama2c =>
  !architectureOf(config).rotary || config.rotation === rotation
    ? { config, tensors }
    : {
        config: { ...config, rotation },
        tensors: tensors.map((tensor) => (/\.(q|k)_proj\.(weight|bias)$/.test(tensor.name) ? reordered(tensor, config, from) : tensor)),
      }

/** @param tensor rows of a matrix, or the entries of a bias */
const reordered = (tensor: StoredTensor, { headSize }: ModelConfig, from: (i: number, half: number) => number): StoredTensor => {
  const [rows = 0, width = 1] = tensor.shape
  const given = tensor.data
  const data = new Float32Array(given.length)
  for (let row = 0; row < rows; row++) {
    const i = row % headSize
    const source = row - i + from(i, headSize / 2)
    data.set(given.subarray(source * width, (source + 1) * width), row * width)
  }
  return { ...tensor, data }
}
