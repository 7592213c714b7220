/** config.json of families: both dialects say the same model; what changes the mathematics and is not known is refused by name, with the reason. */
import { deepEqual, doesNotThrow, equal, ok, throws } from 'node:assert/strict'
import test from 'node:test'
import { CheckpointError, ConfigError, fromWeights, initialize, parseConfig, toWeights } from '../../models/index.ts'
import { smallFamilies } from '../models/families.ts'
import { backend } from '../models/tiny.ts'

const llama = {
  model_type: 'llama',
  ...{ vocab_size: 32, hidden_size: 32, intermediate_size: 16, num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 64 },
}
const refused = (change: Readonly<Record<string, unknown>>, ...words: readonly string[]): void =>
  throws(
    () => parseConfig({ ...llama, ...change }, 'm/config.json'),
    (error) => {
      ok(error instanceof ConfigError, String(error))
      for (const word of ['m/config.json', ...words]) ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
      return true
    },
  )

test('the dialects of transformers 4 and 5 say the same', () => {
  const scalings = [
    { rope_type: 'linear', factor: 2 },
    { rope_type: 'dynamic', factor: 2 },
    { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 16 },
    { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16, beta_fast: 16 },
    { rope_type: 'longrope', short_factor: Array(8).fill(1), long_factor: Array(8).fill(2), original_max_position_embeddings: 16 },
  ]
  for (const scaling of scalings) {
    const older = parseConfig({ ...llama, rope_theta: 500, rope_scaling: scaling, torch_dtype: 'bfloat16' })
    deepEqual(parseConfig({ ...llama, rope_parameters: { ...scaling, rope_theta: 500 }, dtype: 'bfloat16' }), older)
    const { rope_type: type, ...rest } = scaling
    deepEqual(parseConfig({ ...llama, rope_theta: 500, rope_scaling: { type, ...rest } }), older)
    equal(older.rope?.type, type)
  }
  const gemma = { ...llama, model_type: 'gemma3_text', head_dim: 16, sliding_window: 8, num_hidden_layers: 6, num_key_value_heads: 2 }
  const nested = {
    full_attention: { rope_type: 'linear', factor: 8, rope_theta: 1e6 },
    sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
  }
  const older = parseConfig({ ...gemma, rope_theta: 1e6, rope_local_base_freq: 1e4, rope_scaling: { rope_type: 'linear', factor: 8 } })
  deepEqual(parseConfig({ ...gemma, rope_parameters: nested }), older)
  deepEqual(older.windows, [8, 8, 8, 8, 8, null])
})

test('what is out of reach is refused by name, with the reason', () => {
  const reasons: Readonly<Record<string, string>> = {
    bert: 'an encoder',
    t5: 'an encoder and a decoder',
    mamba2: 'state-space',
    granitemoehybrid: 'state-space',
    mixtral: 'mixture of experts',
    qwen3_moe: 'mixture of experts',
    deepseek_v3: 'latent',
    lfm2: 'short convolutions',
    qwen3_5: 'linear attention',
    gemma3n_text: 'in every layer',
    gemma4_text: 'in every layer',
    gemma3: 'images',
  }
  for (const [type, reason] of Object.entries(reasons)) refused({ model_type: type }, `"${type}"`, reason)
})

test('a field that may change what is computed, and is not known, is refused by name', () => {
  refused({ attn_logit_softcapping: 50 }, 'attn_logit_softcapping')
  refused({ residual_multiplier: 0.22 }, 'residual_multiplier')
  refused({ sliding_window: 8 }, 'sliding_window')
  refused({ qk_layernorm: true }, 'qk_layernorm')
  refused({ num_local_experts: 8 }, 'num_local_experts')
  refused({ position_embedding_type: 'alibi' }, 'position_embedding_type')
  refused({ layer_types: ['full_attention', 'linear_attention'] }, 'layer_types')
  refused({ rope_scaling: { rope_type: 'linear', factor: 2, mrope_section: [1, 2] } }, 'rope_scaling.mrope_section')
  refused({ rope_scaling: { rope_type: 'ntk-by-parts', factor: 2 } }, 'rope_scaling.rope_type', '"ntk-by-parts"')
  refused({ model_type: 'gemma3_text', use_bidirectional_attention: true }, 'use_bidirectional_attention')
  refused({ quantization_config: { quant_method: 'gptq', bits: 4 } }, 'quantization_config', '"gptq"')
  refused({ quantization_config: { quant_method: 'awq' } }, '"awq"')
  refused({ quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true } }, '"bitsandbytes"')
  refused({ text_config: { model_type: 'llama' } }, 'text_config')
})

test('fields of no account, and those that are switched off, are taken', () => {
  const plain = parseConfig(llama)
  const more = {
    ...{ sliding_window: null, attn_logit_softcapping: null, qk_layernorm: false, residual_multiplier: 1, num_local_experts: 0 },
    ...{
      layer_types: ['full_attention', 'full_attention'],
      attention_dropout: 0.1,
      initializer_range: 0.02,
      transformers_version: '5.2.0',
    },
    ...{ pretraining_tp: 2, use_cache: true, rope_interleaved: false, unsloth_fixed: true, quantization_config: null, rope_scaling: null },
  }
  deepEqual(parseConfig({ ...llama, ...more }), plain)
})

test('an output layer beside a tied embedding must be a copy of it', async () => {
  for (const [name, config] of smallFamilies.filter(([, { tied }]) => tied)) {
    const tensors = await toWeights(backend, config, initialize(config, 1))
    const [embedding] = tensors
    const named = (data: Float32Array) => {
      const head = { ...embedding!, name: 'lm_head.weight', data }
      return new Map([...tensors, head].map((tensor) => [tensor.name, tensor]))
    }
    const { data } = embedding!
    doesNotThrow(() => fromWeights(config, named(data.slice())), name)
    throws(
      () => fromWeights(config, named(data.with(3, 7)), 'm'),
      (error) => error instanceof CheckpointError && /lm_head\.weight.*tie_word_embeddings/.test(error.message),
    )
  }
})

test('weights that are quantized are refused by name', async () => {
  const [, config] = smallFamilies[0]!
  const tensors = await toWeights(backend, config, initialize(config, 1))
  const weights = new Map(tensors.map((tensor, i) => [tensor.name, i === 2 ? { ...tensor, dtype: 'I8' as const } : tensor]))
  throws(
    () => fromWeights(config, weights, 'm'),
    (error) => error instanceof CheckpointError && error.message.includes('I8') && error.message.includes(tensors[2]!.name),
  )
})
