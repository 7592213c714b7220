/** Qwen2 and Qwen2.5: Llama with biases on queries, keys and values, which no field announces. Yang et al. (2024), arXiv:2407.10671. */
import type { Family } from '../family.ts'
import { firstOf, llamaNames, noWindow, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readLlama } from '../llama-like.ts'
import { formatQwenWindows, readQwenWindows } from '../parsing.ts'

export const qwen2: Family = {
  key: 'qwen2',
  architectures: { text: 'Qwen2ForCausalLM', reward: 'Qwen2ForSequenceClassification' },
  parse: (fields) => {
    const config = readLlama(fields, 'qwen2', { context: 32768, keyValueHeads: 32 })
    return { ...config, ...readQwenWindows(fields, config.layers) }
  },
  format: (config) => ({ ...formatLlama(config), ...formatQwenWindows(config) }),
  architecture: (config) =>
    llamaLike(config, {
      attention: () => ({
        query: { name: 'self_attn.q_proj', bias: true },
        key: { name: 'self_attn.k_proj', bias: true },
        value: { name: 'self_attn.v_proj', bias: true },
      }),
    }),
  loraTargets: ['q_proj', 'v_proj'],
  gguf: { architecture: 'qwen2', names: llamaNames, against: (config) => firstOf(silu(config), noWindow(config)) },
}
