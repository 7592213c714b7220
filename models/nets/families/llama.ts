/** Llama: RMSNorm, rotary positions, grouped-query attention, SwiGLU. Touvron et al. (2023), arXiv:2302.13971. SmolLM, TinyLlama and many others are Llamas. */
import type { Family } from '../family.ts'
import { firstOf, llamaNames, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'

export const llama: Family = {
  key: 'llama',
  architectures: { text: 'LlamaForCausalLM', reward: 'LlamaForSequenceClassification' },
  parse: (fields) => ({
    ...readLlama(fields, 'llama'),
    rotation: fields.flag('rope_interleave', false) ? 'interleaved' : 'half',
    ...readFlag(fields, 'attention_bias', 'attentionBias'),
    ...readFlag(fields, 'mlp_bias', 'feedForwardBias'),
  }),
  format: (config) => ({
    ...formatLlama(config),
    ...(config.rotation === 'interleaved' ? { rope_interleave: true } : {}),
    attention_bias: config.attentionBias ?? false,
    mlp_bias: config.feedForwardBias ?? false,
  }),
  architecture: llamaLike,
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'llama', names: llamaNames, rotation: 'interleaved' },
    against: (config) => firstOf(silu(config)),
  },
}
