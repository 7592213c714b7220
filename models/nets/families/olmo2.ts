/** OLMo 2: no norm before a branch but one after it; queries and keys are normalized over all heads at once. OLMo et al. (2024), arXiv:2501.00656. */
import type { Family } from '../family.ts'
import { firstOf, headNorms, llamaNames, noBias, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'

export const olmo2: Family = {
  key: 'olmo2',
  architectures: { text: 'Olmo2ForCausalLM', reward: 'Olmo2ForSequenceClassification' },
  parse: (fields) => ({
    ...readLlama(fields, 'olmo2', { epsilon: 1e-5 }),
    ...readFlag(fields, 'attention_bias', 'attentionBias'),
  }),
  format: (config) => ({ ...formatLlama(config), attention_bias: config.attentionBias ?? false }),
  architecture: (config) => {
    const norm = (name: string) => ({ name, kind: 'rms', epsilon: config.normEpsilon }) as const
    const whole = (name: string) => ({ ...norm(`self_attn.${name}`), over: 'whole' }) as const
    return llamaLike(config, {
      attention: () => ({
        before: undefined,
        after: norm('post_attention_layernorm'),
        ...{ queryNorm: whole('q_norm'), keyNorm: whole('k_norm') },
      }),
      feedForward: { before: undefined, after: norm('post_feedforward_layernorm') },
    })
  },
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    architecture: 'olmo2',
    names: { ...llamaNames, ...headNorms, post_attention_layernorm: 'post_attention_norm', post_feedforward_layernorm: 'post_ffw_norm' },
    against: (config) => firstOf(silu(config), noBias(config)),
  },
}
