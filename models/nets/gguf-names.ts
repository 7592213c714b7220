/** llama.cpp's names for the modules of Llama, and why it would compute some configurations otherwise. Source: its convert_hf_to_gguf.py and llama-model.cpp. */
import type { ModelConfig } from './config.ts'

/** Those of a layer are relative to it. */
export const llamaNames: Readonly<Record<string, string>> = {
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
}
export const headNorms = { 'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm' }

/** The first reason of several, each given where its condition holds. */
export const firstOf = (...reasons: readonly (readonly [holds: boolean, why: string])[]): string | undefined =>
  reasons.find(([holds]) => holds)?.[1]

export const noWindow = ({ windows }: ModelConfig) => [windows !== undefined, 'a sliding window, which it leaves out'] as const
export const noBias = ({ attentionBias = false, feedForwardBias = false }: ModelConfig) =>
  [attentionBias || feedForwardBias, 'biases of projections, which it leaves out'] as const
export const silu = ({ activation }: ModelConfig) => [activation !== 'silu', `the activation ${activation} (it computes SiLU)`] as const
export const untied = ({ tied }: ModelConfig) => [tied, 'an output layer tied to the embedding (it needs one of its own)'] as const
/** Scores scaled otherwise than by 1 / √ the size of a head. */
export const plainScale = ({ attentionScale, headSize }: ModelConfig) =>
  [attentionScale !== undefined && attentionScale !== headSize ** -0.5, 'scores that are not scaled by 1 / √ the size of a head'] as const

export const fourNorms = {
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
}
export const gemmaOnly = (config: ModelConfig) =>
  [
    plainScale(config),
    noBias(config),
    [!config.tied, 'an output layer of its own'],
    [config.activation !== 'geluTanh', `the activation ${config.activation} (it computes gelu_pytorch_tanh)`],
  ] as const
export const slidesOtherwise = ({ windows, layers }: ModelConfig, slides: (layer: number) => boolean) =>
  [
    Array.from({ length: layers }, (_, i) => ((windows?.[i] ?? null) !== null) !== slides(i)).includes(true),
    'windows in other layers than the released models have them',
  ] as const
