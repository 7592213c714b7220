/** GGUF of every family: llama.cpp's architecture and names, each tensor once; and what it would compute otherwise is refused by name. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { gguf } from '@huggingface/gguf'
import {
  ConfigError,
  ggufFile,
  initialize,
  parseConfig,
  readBytes,
  tokenizerOf,
  toWeights,
  trainBytePairs,
  writeAtomically,
} from '../../models/index.ts'
import { families } from '../../models/internal.ts'
import { smallFamilies } from '../models/families.ts'
import { backend } from '../models/tiny.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-gguf-families-'))
after(() => rm(folder, { recursive: true }))
const pairs = trainBytePairs('the cat sat on the mat '.repeat(20), { vocabularySize: 264, specialTokens: ['<|endoftext|>'] })
const tokenizer = tokenizerOf(pairs.json, pairs.config)

const common = {
  ...{ hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, vocab_size: 264 },
  max_position_embeddings: 64,
}
const gemma = { ...common, head_dim: 8, query_pre_attn_scalar: 8, sliding_window: 8 }
/** As released models of each family are. */
const files: readonly (readonly [architecture: string, json: Readonly<Record<string, unknown>>])[] = [
  ['llama', { ...common, model_type: 'llama', attention_bias: true }],
  ['llama', { ...common, model_type: 'mistral', sliding_window: null }],
  ['qwen2', { ...common, model_type: 'qwen2' }],
  ['qwen3', { ...common, model_type: 'qwen3', head_dim: 16 }],
  ['gemma', { ...common, model_type: 'gemma', head_dim: 8 }],
  ['gemma2', { ...gemma, model_type: 'gemma2' }],
  ['gemma3', { ...gemma, model_type: 'gemma3_text' }],
  ['smollm3', { ...common, model_type: 'smollm3' }],
  ['granite', { ...common, model_type: 'granite', residual_multiplier: 0.5, logits_scaling: 8 }],
  ['olmo2', { ...common, model_type: 'olmo2' }],
  ['phi2', { ...common, model_type: 'phi', num_key_value_heads: 4 }],
  ['phi3', { ...common, model_type: 'phi3' }],
  ['stablelm', { ...common, model_type: 'stablelm' }],
  ['gptneox', { ...common, model_type: 'gpt_neox', num_key_value_heads: 4, hidden_act: 'gelu_new' }],
  ['gpt2', { model_type: 'gpt2', n_embd: 32, n_head: 4, n_layer: 2, n_positions: 64, vocab_size: 264 }],
]

const exported = async (json: Readonly<Record<string, unknown>>) => {
  const config = parseConfig(json)
  const tensors = await toWeights(backend, config, initialize(config, 1))
  const path = join(folder, `${config.family}.gguf`)
  await writeAtomically(path, ggufFile(config, tensors, tokenizer, { dtype: 'F32' }))
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true })
  const bytes = await readBytes(path)
  const data = (name: string) => {
    const { offset, shape } = tensorInfos.find((info) => info.name === name)!
    const length = shape.reduce((n, size) => n * Number(size), 1)
    return [...new Float32Array(Uint8Array.from(bytes.subarray(Number(tensorDataOffset + offset))).buffer, 0, length)]
  }
  return { config, tensors, tensorInfos, data, metadata: { ...metadata } as Readonly<Record<string, unknown>> }
}

for (const [architecture, json] of files)
  test(`${json.model_type}: as the architecture ${architecture}, every tensor once under a name of llama.cpp`, async () => {
    const { tensors, tensorInfos, metadata } = await exported(json)
    equal(metadata['general.architecture'], architecture)
    equal(metadata[`${architecture}.block_count`], 2)
    const names = tensorInfos.map(({ name }) => name)
    equal(new Set(names).size, names.length)
    equal(names.length, tensors.length)
    for (const name of names)
      ok(/^(token_embd|position_embd|output|output_norm|blk\.\d+\.(attn|ffn|post)_\w+)\.(weight|bias)$/.test(name), name)
    const count = (shapes: readonly (readonly (number | bigint)[])[]) =>
      shapes.reduce((n, shape) => n + shape.reduce((m: number, size) => m * Number(size), 1), 0)
    equal(count(tensorInfos.map(({ shape }) => shape)), count(tensors.map(({ shape }) => shape)))
  })

test('every family is exported, or is refused by name', () => {
  const tried = new Set(files.map(([, { model_type: type }]) => type))
  deepEqual(
    families.filter(({ key, gguf }) => (gguf !== undefined) !== tried.has(key)).map(({ key }) => key),
    [],
  )
  for (const key of ['opt', 'gpt_neo']) {
    const [, config] = smallFamilies.find(([, { family }]) => family === key)!
    throws(
      () => ggufFile(config, [], tokenizer),
      (error) => error instanceof ConfigError && error.message.includes(key),
    )
  }
})

test('what llama.cpp would compute otherwise is refused, with the reason', () => {
  const refused = (json: Readonly<Record<string, unknown>>, why: RegExp) =>
    throws(
      () => ggufFile(parseConfig(json), [], tokenizer),
      (error) => error instanceof ConfigError && why.test(error.message),
      String(why),
    )
  const of = (name: string) => files.find(([architecture]) => architecture === name)![1]
  refused({ ...of('gptneox'), hidden_act: 'gelu' }, /exact GELU \(it computes gelu_new/)
  refused({ ...of('llama'), model_type: 'mistral', sliding_window: 8, attention_bias: false }, /sliding window/)
  refused({ ...of('qwen3'), attention_bias: true }, /biases/)
  refused({ ...of('gemma2'), query_pre_attn_scalar: 9 }, /1 \/ √/)
  refused({ ...of('gemma2'), layer_types: ['full_attention', 'sliding_attention'] }, /windows in other layers/)
  refused({ ...of('smollm3'), no_rope_layers: [0, 1] }, /do not rotate/)
  refused({ ...of('gpt2'), scale_attn_by_inverse_layer_idx: true }, /number of the layer/)
  refused({ ...of('gpt2'), activation_function: 'gelu' }, /gelu_new/)
  refused({ ...of('phi2'), qk_layernorm: true }, /normalized queries/)
  const longrope = { rope_type: 'longrope', short_factor: [1, 1, 1, 1], long_factor: [2, 2, 2, 2], original_max_position_embeddings: 16 }
  refused({ ...of('qwen2'), rope_scaling: longrope }, /LongRoPE/)
})

test('gains of a Gemma are written with the one that is added to them; heads of a NeoX part by part; RoPE of Llama 3 as factors', async () => {
  const { tensors, data } = await exported(files.find(([name]) => name === 'gemma')![1])
  const gain = tensors.find(({ name }) => name.endsWith('0.input_layernorm.weight'))!
  deepEqual(
    data('blk.0.attn_norm.weight'),
    Array.from(gain.data, (x) => Math.fround(x + 1)),
  )
  const neox = await exported(files.find(([name]) => name === 'gptneox')![1])
  const fused = neox.tensors.find(({ name }) => name === 'gpt_neox.layers.0.attention.query_key_value.weight')!
  const { heads, headSize, embed } = neox.config
  const queries = queriesOf(fused.data, heads, headSize * embed)
  deepEqual(neox.data('blk.0.attn_qkv.weight').slice(0, heads * headSize * embed), queries)
  const scaling = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 16 }
  const config = parseConfig({ ...common, model_type: 'llama', rope_scaling: scaling })
  const path = join(folder, 'llama3.gguf')
  await writeAtomically(path, ggufFile(config, [], tokenizer))
  const { tensorInfos } = await gguf(path, { allowLocalFile: true })
  deepEqual(
    tensorInfos.map(({ name, shape }) => [name, Number(shape[0])]),
    [['rope_freqs.weight', config.headSize / 2]],
  )
})

/** The first of three parts of each head. */
const queriesOf = (data: Float32Array, heads: number, size: number): readonly number[] =>
  Array.from({ length: heads }, (_, head) => [...data.subarray(3 * head * size, 3 * head * size + size)]).flat()
