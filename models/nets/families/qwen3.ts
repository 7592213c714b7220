/** Qwen3: Llama whose queries and keys are normalized in each head before they rotate. Yang et al. (2025), arXiv:2505.09388. */
import type { Family } from '../family.ts'
import { firstOf, headNorms, llamaNames, noBias, noWindow, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'
import { formatQwenWindows, readQwenWindows } from '../parsing.ts'

export const qwen3: Family = {
  key: 'qwen3',
  architectures: { text: 'Qwen3ForCausalLM', reward: 'Qwen3ForSequenceClassification' },
  parse: (fields) => {
    const config = readLlama(fields, 'qwen3', { context: 32768, keyValueHeads: 32, headSize: 128 })
    return { ...config, ...readFlag(fields, 'attention_bias', 'attentionBias'), ...readQwenWindows(fields, config.layers) }
  },
  format: (config) => ({ ...formatLlama(config), attention_bias: config.attentionBias ?? false, ...formatQwenWindows(config) }),
  architecture: (config) => {
    const norm = (name: string) => ({ name: `self_attn.${name}`, kind: 'rms', epsilon: config.normEpsilon, over: 'shared' }) as const
    return llamaLike(config, { attention: () => ({ queryNorm: norm('q_norm'), keyNorm: norm('k_norm') }) })
  },
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'qwen3', names: { ...llamaNames, ...headNorms } },
    against: (config) => firstOf(silu(config), noWindow(config), noBias(config)),
  },
}
