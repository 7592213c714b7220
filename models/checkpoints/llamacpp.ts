/**
 * A model as the GGUF file that llama.cpp reads: its names for hyperparameters and tensors, its layouts, its tokenizer.
 * llama.cpp rotates *interleaved* pairs of coordinates, as llama2.c does, and keeps all matrices [output, input]. What it would compute differently is refused.
 */

import { own } from '../../core/internal.ts'
import { ConfigError } from '../io/errors.ts'
import { f32, formatGguf, type GgufTensor, type GgufType, type Metadata, text, u32 } from '../io/gguf.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { ModelConfig } from '../nets/config.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import { toInterleavedRotation } from './llama2c.ts'
import { llamaCppVocabulary } from './llamacpp-vocabulary.ts'

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
 */
export const ggufFile = (
  config: ModelConfig,
  tensors: readonly StoredTensor[],
  tokenizer: Pick<Tokenizer, 'json' | 'config' | 'bos' | 'eos' | 'begins'>,
  { dtype = 'F16', name = 'halograd' }: GgufOptions = {},
): Iterable<Uint8Array> => {
  if (config.family === 'gpt2' && config.activation !== 'geluTanh')
    throw new ConfigError({
      field: 'activation_function',
      expected: 'gelu_new, which is what llama.cpp computes for GPT-2',
      found: config.activation,
      advice: 'Export as a Hugging Face directory (--format hf).',
    })
  const metadata: Metadata = {
    'general.architecture': text(config.family),
    'general.name': text(name),
    'general.file_type': u32(fileTypes[dtype]),
    'general.quantization_version': u32(2),
    ...hyperparameters(config),
    ...llamaCppVocabulary(tokenizer, config.vocab),
  }
  return formatGguf(
    metadata,
    toInterleavedRotation({ config, tensors }).tensors.map((tensor) => renamed(config, tensor, dtype)),
  )
}

/** llama.cpp's numbers for what most of a file is. */
const fileTypes: Readonly<Record<GgufType, number>> = { F32: 0, F16: 1, Q8_0: 7, BF16: 32 }

const hyperparameters = (config: ModelConfig): Metadata => {
  const { family, vocab, context, embed, layers, heads, keyValueHeads, headSize, hidden, normEpsilon, ropeTheta } = config
  const own = {
    vocab_size: u32(vocab),
    context_length: u32(context),
    embedding_length: u32(embed),
    block_count: u32(layers),
    feed_forward_length: u32(hidden),
    'attention.head_count': u32(heads),
    'attention.head_count_kv': u32(keyValueHeads),
    ...(family === 'gpt2'
      ? { 'attention.layer_norm_epsilon': f32(normEpsilon) }
      : {
          'attention.layer_norm_rms_epsilon': f32(normEpsilon),
          'attention.key_length': u32(headSize),
          'attention.value_length': u32(headSize),
          'rope.dimension_count': u32(headSize),
          'rope.freq_base': f32(ropeTheta),
        }),
  }
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [`${family}.${key}`, value]))
}

/** Hugging Face's names as llama.cpp has them, those of one block without its number. */
const names: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  'transformer.wte': 'token_embd',
  'transformer.wpe': 'position_embd',
  'transformer.ln_f': 'output_norm',
  ln_1: 'attn_norm',
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  ln_2: 'ffn_norm',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
}

const renamed = ({ family }: ModelConfig, tensor: StoredTensor, dtype: GgufType): GgufTensor => {
  const [, block, module, kind] = /^(?:(?:model\.layers|transformer\.h)\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(tensor.name)!
  const name = own(names, module!)!
  // GPT-2's own matrices are [input, output].
  const { shape, data } = family === 'gpt2' && block !== undefined && tensor.shape.length === 2 ? transposed(tensor) : tensor
  const precise = shape.length === 1 || name === 'position_embd'
  return {
    name: `${block === undefined ? '' : `blk.${block}.`}${name}.${kind}`,
    ...{ shape, data },
    type: precise ? 'F32' : dtype === 'Q8_0' && shape.at(-1)! % 32 !== 0 ? 'F16' : dtype,
  }
}

const transposed = ({ shape, data }: StoredTensor): Pick<StoredTensor, 'shape' | 'data'> => {
  const [rows, columns] = [shape[0]!, shape[1]!]
  const turned = new Float32Array(data.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column]!
  return { shape: [columns, rows], data: turned }
}
