/** StableLM 2 and StableLM 3B: LayerNorm, SwiGLU and RoPE on a quarter of each head, sequential or parallel. Bellagente et al. (2024), arXiv:2402.17834. */
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { firstOf, llamaNames, silu, untied } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'

const names = { norm: 'layer_norm_eps', partial: 0.25 } as const

const architecture = (config: ModelConfig) => {
  const epsilon = config.normEpsilon
  const bias = config.attentionBias ?? false
  const norm = (name: string) => ({ name, kind: 'layer', epsilon }) as const
  const eachHead = (name: string) => ({ ...norm(`self_attn.${name}.norms.*`), bias: false, over: 'each' }) as const
  const heads = config.queryKeyNorm === true ? { queryNorm: eachHead('q_layernorm'), keyNorm: eachHead('k_layernorm') } : {}
  return llamaLike(config, {
    attention: () => ({
      before: norm('input_layernorm'),
      ...{ query: { name: 'self_attn.q_proj', bias }, key: { name: 'self_attn.k_proj', bias }, value: { name: 'self_attn.v_proj', bias } },
      out: { name: 'self_attn.o_proj' },
      ...heads,
    }),
    feedForward: { before: config.parallel === true ? undefined : norm('post_attention_layernorm') },
    layer: { parallel: config.parallel === true ? 'shared' : undefined },
    whole: { norm: norm('model.norm') },
  })
}

export const stablelm: Family = {
  key: 'stablelm',
  architectures: { text: 'StableLmForCausalLM', reward: 'StableLmForSequenceClassification' },
  parse: (fields) => ({
    ...readLlama(fields, 'stablelm', { ...names, epsilon: 1e-5, context: 4096 }),
    ...readFlag(fields, 'use_qkv_bias', 'attentionBias'),
    ...readFlag(fields, 'qk_layernorm', 'queryKeyNorm'),
    ...readFlag(fields, 'use_parallel_residual', 'parallel'),
  }),
  format: (config) => ({
    ...formatLlama(config, names),
    use_qkv_bias: config.attentionBias ?? false,
    qk_layernorm: config.queryKeyNorm ?? false,
    use_parallel_residual: config.parallel ?? false,
  }),
  architecture,
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'stablelm', names: llamaNames },
    metadata: ({ parallel = false }) => ({ use_parallel_residual: { flag: parallel } }),
    against: (config) =>
      firstOf(silu(config), untied(config), [config.queryKeyNorm === true, 'normalized queries and keys, which are not exported yet']),
  },
}
