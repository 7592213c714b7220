/** GPT-Neo and TinyStories: GPT-2 with plain matrices, scores that are not scaled, and a window in every other layer. Black et al. (2021); Eldan & Li (2023), arXiv:2305.07759. */
import type { JsonFields } from '../../io/fields.ts'
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { gpt2Architecture } from '../gpt2-like.ts'
import { activationNames, activations } from '../parsing.ts'

/** `attention_types`: [[pattern, times], …], of global and local layers. */
const windows = (fields: JsonFields, layers: number): Pick<ModelConfig, 'windows'> => {
  const types: unknown = fields.get('attention_types') ?? [[['global', 'local'], layers / 2]]
  fields.get('attention_layers')
  const width = fields.count('window_size', 256)
  const kinds: readonly unknown[] = Array.isArray(types)
    ? types.flatMap((each: unknown) => {
        const [pattern, times]: readonly unknown[] = Array.isArray(each) ? each : []
        return Array.isArray(pattern) && typeof times === 'number' ? Array.from({ length: times }, () => pattern).flat() : [each]
      })
    : []
  if (kinds.length !== layers || !kinds.every((kind) => kind === 'global' || kind === 'local')) {
    fields.flaw('attention_types', `patterns of "global" and "local", ${layers} layers in all`, types, 'Correct the field.')
    return {}
  }
  return kinds.includes('local') ? { windows: kinds.map((kind) => (kind === 'local' ? width : null)) } : {}
}

const parse = (fields: JsonFields): ModelConfig => {
  const embed = fields.count('hidden_size')
  const heads = fields.count('num_heads')
  const layers = fields.count('num_layers')
  return {
    ...{ family: 'gpt_neo', vocab: fields.count('vocab_size'), context: fields.count('max_position_embeddings', 2048) },
    ...{ embed, layers, heads, keyValueHeads: heads, headSize: embed / heads },
    hidden: fields.count('intermediate_size', 4 * embed),
    activation: fields.choice('activation_function', activations, 'gelu_new') ?? 'geluTanh',
    normEpsilon: fields.positive('layer_norm_epsilon', 1e-5),
    ...{ ropeTheta: 10000, rotation: 'half' },
    tied: fields.flag('tie_word_embeddings', true),
    ...windows(fields, layers),
  }
}

const project = (name: string) => ({ name: `attn.attention.${name}` })
const matrices = {
  ...{ query: project('q_proj'), key: project('k_proj'), value: project('v_proj'), out: { ...project('out_proj'), bias: true } },
  ...{ up: { name: 'mlp.c_fc', bias: true }, down: { name: 'mlp.c_proj', bias: true } },
}

export const gptNeo: Family = {
  key: 'gpt_neo',
  architectures: { text: 'GPTNeoForCausalLM', reward: 'GPTNeoForSequenceClassification' },
  parse,
  format: (config) => {
    const layers = Array.from({ length: config.layers }, (_, i) => ((config.windows?.[i] ?? null) === null ? 'global' : 'local'))
    return {
      ...{ hidden_size: config.embed, num_layers: config.layers, num_heads: config.heads, intermediate_size: config.hidden },
      max_position_embeddings: config.context,
      activation_function: activationNames[config.activation],
      layer_norm_epsilon: config.normEpsilon,
      attention_types: [[layers, 1]],
      attention_layers: layers,
      window_size: config.windows?.find((width) => width !== null) ?? 256,
    }
  },
  architecture: (config) => gpt2Architecture(config, matrices, (i) => ({ scale: 1, window: config.windows?.[i] ?? undefined })),
  loraTargets: ['q_proj', 'v_proj'],
}
