/** A small configuration of every family, in the fields of its `config.json`, with what its checkpoints may vary turned on. */
import { type ModelConfig, parseConfig } from '../../models/index.ts'

const shared = { hidden_size: 16, intermediate_size: 24, num_hidden_layers: 3, num_attention_heads: 4, vocab_size: 23 }
const common = { ...shared, num_key_value_heads: 2, max_position_embeddings: 64 }
const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 }

const files: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  llama: { ...common, model_type: 'llama', head_dim: 6, attention_bias: true, mlp_bias: true, rope_scaling: yarn },
  'llama, llama3': {
    ...{ ...common, model_type: 'llama', tie_word_embeddings: true },
    rope_parameters: {
      ...{ rope_type: 'llama3', rope_theta: 100, factor: 4 },
      ...{ low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 16 },
    },
  },
  mistral: { ...common, model_type: 'mistral', sliding_window: 5 },
  qwen2: { ...common, model_type: 'qwen2', use_sliding_window: true, sliding_window: 5, max_window_layers: 1 },
  qwen3: { ...common, model_type: 'qwen3', head_dim: 6 },
  gemma: { ...common, model_type: 'gemma', head_dim: 6 },
  gemma2: {
    ...{ ...common, model_type: 'gemma2', head_dim: 6, sliding_window: 5, query_pre_attn_scalar: 3 },
    ...{ attn_logit_softcapping: 2, final_logit_softcapping: 3 },
  },
  gemma3: {
    ...{ ...common, model_type: 'gemma3_text', head_dim: 6, sliding_window: 5, sliding_window_pattern: 3, query_pre_attn_scalar: 3 },
    ...{ rope_scaling: { rope_type: 'linear', factor: 8 }, rope_local_base_freq: 100 },
  },
  smollm3: { ...common, model_type: 'smollm3', no_rope_layers: [1, 0, 1] },
  gpt2: { model_type: 'gpt2', n_embd: 16, n_head: 4, n_layer: 3, n_positions: 64, vocab_size: 23, scale_attn_by_inverse_layer_idx: true },
  gpt_neo: {
    ...{ model_type: 'gpt_neo', hidden_size: 16, num_heads: 4, num_layers: 3, vocab_size: 23, max_position_embeddings: 64 },
    ...{ attention_types: [[['global', 'local', 'local'], 1]], window_size: 5 },
  },
  gpt_neox: { ...shared, model_type: 'gpt_neox', max_position_embeddings: 64, hidden_size: 32 },
  opt: {
    ...{ ...shared, model_type: 'opt', ffn_dim: 24, max_position_embeddings: 64 },
    ...{ do_layer_norm_before: false, word_embed_proj_dim: 10 },
  },
  'opt, pre-norm': { ...shared, model_type: 'opt', ffn_dim: 24, max_position_embeddings: 64 },
  phi: { ...common, model_type: 'phi', qk_layernorm: true, hidden_size: 32 },
  phi3: { ...common, model_type: 'phi3', sliding_window: 5, partial_rotary_factor: 0.5, hidden_size: 32 },
  'phi3, longrope': {
    ...{ ...common, model_type: 'phi3', original_max_position_embeddings: 16 },
    rope_scaling: { type: 'longrope', short_factor: [1, 1.1], long_factor: [2, 3] },
  },
  olmo2: { ...common, model_type: 'olmo2' },
  stablelm: { ...common, model_type: 'stablelm', hidden_size: 32, qk_layernorm: true, use_parallel_residual: true },
  granite: {
    ...{ ...common, model_type: 'granite', tie_word_embeddings: true },
    ...{ embedding_multiplier: 3, attention_multiplier: 0.3, residual_multiplier: 0.5, logits_scaling: 2 },
  },
}

export const smallFamilies: readonly (readonly [name: string, config: ModelConfig])[] = Object.entries(files).map(([name, json]) => [
  name,
  parseConfig(json, `${name}/config.json`),
])
