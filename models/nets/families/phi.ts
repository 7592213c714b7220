/** Phi-1, 1.5 and 2: attention and feed-forward read one LayerNorm and are added together; biases everywhere. Li et al. (2023), arXiv:2309.05463. */
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { firstOf, llamaNames, untied } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'

const names = { norm: 'layer_norm_eps', partial: 0.5 } as const

const architecture = (config: ModelConfig) => {
  const epsilon = config.normEpsilon
  const before = { name: 'input_layernorm', kind: 'layer', epsilon } as const
  const biased = (name: string) => ({ name, bias: true })
  const ofHead = (name: string) => ({ name: `self_attn.${name}`, kind: 'layer', epsilon, over: 'shared' }) as const
  const heads = config.queryKeyNorm === true ? { queryNorm: ofHead('q_layernorm'), keyNorm: ofHead('k_layernorm') } : {}
  return llamaLike(config, {
    attention: () => ({
      before,
      ...{ query: biased('self_attn.q_proj'), key: biased('self_attn.k_proj'), value: biased('self_attn.v_proj') },
      out: biased('self_attn.dense'),
      ...heads,
    }),
    feedForward: { before: undefined, gate: undefined, up: biased('mlp.fc1'), down: biased('mlp.fc2') },
    layer: { parallel: 'shared' },
    whole: {
      norm: { name: 'model.final_layernorm', kind: 'layer', epsilon },
      output: { name: 'lm_head', bias: true },
    },
  })
}

export const phi: Family = {
  key: 'phi',
  architectures: { text: 'PhiForCausalLM', reward: 'PhiForSequenceClassification' },
  parse: (fields) => ({
    ...readLlama(fields, 'phi', { ...names, epsilon: 1e-5, function: 'gelu_new' }),
    ...readFlag(fields, 'qk_layernorm', 'queryKeyNorm'),
  }),
  format: (config) => ({ ...formatLlama(config, names), qk_layernorm: config.queryKeyNorm ?? false }),
  architecture,
  loraTargets: ['q_proj', 'v_proj', 'fc1', 'fc2'],
  gguf: {
    architecture: 'phi2',
    names: {
      ...llamaNames,
      ...{ 'self_attn.dense': 'attn_output', 'mlp.fc1': 'ffn_up', 'mlp.fc2': 'ffn_down', 'model.final_layernorm': 'output_norm' },
    },
    against: (config) =>
      firstOf(
        untied(config),
        [config.queryKeyNorm === true, 'normalized queries and keys, which it leaves out'],
        [config.activation !== 'geluTanh', `the activation ${config.activation} (it computes gelu_new)`],
      ),
  },
}
