/** Phi-3, Phi-3.5 and Phi-4-mini: Llama whose query, key and value are one tensor, and gate and up another. Abdin et al. (2024), arXiv:2404.14219. */
import type { Family } from '../family.ts'
import { firstOf, llamaNames, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readLlama } from '../llama-like.ts'
import { formatWindows, readWindows } from '../parsing.ts'

/** Old files say su or yarn, and mean longrope. */
const aliases = { su: 'longrope', yarn: 'longrope' }

export const phi3: Family = {
  key: 'phi3',
  architectures: { text: 'Phi3ForCausalLM', reward: 'Phi3ForSequenceClassification' },
  parse: (fields) => {
    const config = readLlama(fields, 'phi3', { epsilon: 1e-5, context: 4096, aliases })
    return { ...config, ...readWindows(fields, config.layers, () => true) }
  },
  format: (config) => ({
    ...formatLlama(config),
    sliding_window: formatWindows(config).sliding_window,
    original_max_position_embeddings: config.rope?.type === 'longrope' ? config.rope.original : config.context,
  }),
  architecture: (config) => {
    const [all, both] = [
      { name: 'self_attn.qkv_proj', fused: 'blocks' },
      { name: 'mlp.gate_up_proj', fused: 'blocks' },
    ] as const
    return llamaLike(config, { attention: () => ({ query: all, key: all, value: all }), feedForward: { gate: both, up: both } })
  },
  loraTargets: ['qkv_proj'],
  gguf: {
    architecture: 'phi3',
    names: { ...llamaNames, 'self_attn.qkv_proj': 'attn_qkv', 'mlp.gate_up_proj': 'ffn_up' },
    metadata: ({ windows, rope, context }) => ({
      'attention.sliding_window': { u32: windows?.[0] ?? 0 },
      'rope.scaling.original_context_length': { u32: rope?.type === 'longrope' ? rope.original : context },
    }),
    against: (config) => firstOf(silu(config)),
  },
}
