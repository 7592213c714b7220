/** Mistral: Llama with a sliding window in all layers, or none (since v0.2). Jiang et al. (2023), arXiv:2310.06825. */
import type { Family } from '../family.ts'
import { firstOf, llamaNames, noWindow, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readLlama } from '../llama-like.ts'
import { formatWindows, readWindows } from '../parsing.ts'

export const mistral: Family = {
  key: 'mistral',
  architectures: { text: 'MistralForCausalLM', reward: 'MistralForSequenceClassification' },
  parse: (fields) => {
    const config = readLlama(fields, 'mistral', { context: 4096 * 32, keyValueHeads: 8 })
    return { ...config, ...readWindows(fields, config.layers, () => true, 4096) }
  },
  format: (config) => ({ ...formatLlama(config), sliding_window: formatWindows(config).sliding_window }),
  architecture: llamaLike,
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'llama', names: llamaNames, rotation: 'interleaved' },
    against: (config) => firstOf(silu(config), noWindow(config)),
  },
}
