/** GPT-NeoX and Pythia: LayerNorm, RoPE on a quarter of each head, query, key and value head by head in one tensor. Biderman et al. (2023), arXiv:2304.01373. */
import type { LayerSpec } from '../architecture.ts'
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { firstOf, untied } from '../gguf-names.ts'
import { formatLlama, readLlama, ropeOf } from '../llama-like.ts'
import type { Rope } from '../rope.ts'

const names = { norm: 'layer_norm_eps', base: 'rotary_emb_base', share: 'rotary_pct', partial: 0.25 } as const

const layer = (config: ModelConfig, rope: Rope, i: number): LayerSpec => {
  const { normEpsilon: epsilon, activation, attentionBias: bias = false, parallel = false } = config
  const norm = (name: string) => ({ name, kind: 'layer', epsilon }) as const
  const fused = { name: 'attention.query_key_value', bias, fused: 'heads' } as const
  return {
    name: `gpt_neox.layers.${i}`,
    parallel: parallel ? 'own' : undefined,
    attention: {
      before: norm('input_layernorm'),
      ...{ query: fused, key: fused, value: fused, out: { name: 'attention.dense', bias } },
      ...{ scale: config.headSize ** -0.5, rope },
    },
    feedForward: {
      before: norm('post_attention_layernorm'),
      ...{ up: { name: 'mlp.dense_h_to_4h', bias: true }, down: { name: 'mlp.dense_4h_to_h', bias: true }, activation },
    },
  }
}

export const gptNeoX: Family = {
  key: 'gpt_neox',
  architectures: { text: 'GPTNeoXForCausalLM', reward: 'GPTNeoXForSequenceClassification' },
  parse: (fields) => ({
    ...readLlama(fields, 'gpt_neox', { ...names, epsilon: 1e-5, function: 'gelu' }),
    attentionBias: fields.flag('attention_bias', true),
    parallel: fields.flag('use_parallel_residual', true),
  }),
  format: (config) => {
    const { num_key_value_heads: _, head_dim: __, ...shared } = formatLlama(config, names)
    return { ...shared, attention_bias: config.attentionBias ?? false, use_parallel_residual: config.parallel ?? false }
  },
  architecture: (config) => {
    const rope = ropeOf(config)
    return {
      token: 'gpt_neox.embed_in',
      rotary: true,
      layers: Array.from({ length: config.layers }, (_, i) => layer(config, rope, i)),
      norm: { name: 'gpt_neox.final_layer_norm', kind: 'layer', epsilon: config.normEpsilon },
      output: { name: 'embed_out' },
    }
  },
  loraTargets: ['query_key_value'],
  gguf: {
    architecture: 'gptneox',
    names: {
      ...{ 'gpt_neox.embed_in': 'token_embd', 'gpt_neox.final_layer_norm': 'output_norm', embed_out: 'output' },
      ...{ input_layernorm: 'attn_norm', 'attention.query_key_value': 'attn_qkv', 'attention.dense': 'attn_output' },
      ...{ post_attention_layernorm: 'ffn_norm', 'mlp.dense_h_to_4h': 'ffn_up', 'mlp.dense_4h_to_h': 'ffn_down' },
    },
    splitHeads: true,
    metadata: ({ parallel = false }) => ({ use_parallel_residual: { flag: parallel } }),
    against: (config) =>
      firstOf(
        untied(config),
        [config.attentionBias === false, 'attention without biases'],
        // src/models/gptneox.cpp: LLM_FFN_GELU, which is ggml_gelu; the exact function is ggml_gelu_erf.
        [
          config.activation === 'gelu',
          'exact GELU (it computes gelu_new, within 5e-4 of it; say "hidden_act": "gelu_new" in config.json to accept that)',
        ],
        [config.activation !== 'geluTanh', `the activation ${config.activation} (it computes gelu_new)`],
      ),
  },
}
