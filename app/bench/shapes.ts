/**
 * Models that people align at home, by their sizes: random weights of these shapes are made here. SmolLM2-135M, Qwen2.5-0.5B, Gemma-3-270m.
 * Sources: their config.json.
 */
import { type ModelConfig, parseConfig } from '../../models/index.ts'

const llama = { model_type: 'llama', vocab_size: 49152, hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 }
const qwen = { model_type: 'qwen2', vocab_size: 151936, hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24 }
const gemma = { model_type: 'gemma3_text', vocab_size: 262144, hidden_size: 640, intermediate_size: 2048, num_hidden_layers: 18 }

/** Each as `config.json` says it; the context is as long as texts of the benchmark are at most. */
export const shapes = {
  'smollm2-135m': {
    ...{ ...llama, num_attention_heads: 9, num_key_value_heads: 3, rope_theta: 100000, tie_word_embeddings: true },
    max_position_embeddings: 2048,
  },
  'qwen2.5-0.5b': {
    ...{ ...qwen, num_attention_heads: 14, num_key_value_heads: 2, rope_theta: 1e6, tie_word_embeddings: true, rms_norm_eps: 1e-6 },
    max_position_embeddings: 2048,
  },
  'gemma3-270m': {
    ...{ ...gemma, num_attention_heads: 4, num_key_value_heads: 1, head_dim: 256, query_pre_attn_scalar: 256, sliding_window: 512 },
    ...{ rope_theta: 1e6, rope_local_base_freq: 1e4, max_position_embeddings: 2048 },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>
export type ShapeName = keyof typeof shapes
export const isShape = (name: string): name is ShapeName => Object.hasOwn(shapes, name)

/** The model of a shape; `small`: of two layers and few words, for a test of the benchmark. */
export const shapeConfig = (name: ShapeName, small = false): ModelConfig =>
  parseConfig({ ...shapes[name], ...(small && { num_hidden_layers: 2, vocab_size: 512, intermediate_size: 96 }) })
