/** OPT: GPT-2 with ReLU, positions from row 2 on, and in the 350M model norms after the sums and narrow embeddings. Zhang et al. (2022), arXiv:2205.01068. */
import type { JsonFields } from '../../io/fields.ts'
import type { LayerSpec } from '../architecture.ts'
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { activationNames, activations } from '../parsing.ts'

const parse = (fields: JsonFields): ModelConfig => {
  const embed = fields.count('hidden_size')
  const heads = fields.count('num_attention_heads')
  const word = fields.count('word_embed_proj_dim', embed)
  const before = fields.flag('do_layer_norm_before', true)
  return {
    ...{ family: 'opt', vocab: fields.count('vocab_size'), context: fields.count('max_position_embeddings', 2048) },
    ...{ embed, layers: fields.count('num_hidden_layers'), heads, keyValueHeads: heads, headSize: embed / heads },
    hidden: fields.count('ffn_dim'),
    activation: fields.choice('activation_function', activations, 'relu') ?? 'relu',
    ...{ normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half' },
    tied: fields.flag('tie_word_embeddings', true),
    ...{ attentionBias: fields.flag('enable_bias', true) },
    ...(word !== embed && { wordSize: word }),
    ...(!before && { postNorm: true }),
    ...(!fields.flag('layer_norm_elementwise_affine', true) && { affine: false }),
    ...(fields.flag('_remove_final_layer_norm', false) && { finalNorm: false }),
  }
}

const normOf =
  ({ normEpsilon: epsilon, affine = true }: ModelConfig) =>
  (name: string) =>
    ({ name, kind: 'layer', epsilon, gain: affine, bias: affine }) as const

const layer = (config: ModelConfig, i: number): LayerSpec => {
  const { attentionBias: bias = false, activation, headSize, postNorm = false } = config
  const norm = normOf(config)
  const place = (name: string) => (postNorm ? { onSum: norm(name) } : { before: norm(name) })
  const linear = (name: string) => ({ name, bias })
  return {
    name: `model.decoder.layers.${i}`,
    attention: {
      ...place('self_attn_layer_norm'),
      ...{ query: linear('self_attn.q_proj'), key: linear('self_attn.k_proj'), value: linear('self_attn.v_proj') },
      ...{ out: linear('self_attn.out_proj'), scale: headSize ** -0.5 },
    },
    feedForward: { ...place('final_layer_norm'), up: linear('fc1'), down: linear('fc2'), activation },
  }
}

export const opt: Family = {
  key: 'opt',
  architectures: { text: 'OPTForCausalLM', reward: 'OPTForSequenceClassification' },
  parse,
  format: (config) => ({
    ...{ hidden_size: config.embed, num_hidden_layers: config.layers, num_attention_heads: config.heads, ffn_dim: config.hidden },
    max_position_embeddings: config.context,
    word_embed_proj_dim: config.wordSize ?? config.embed,
    activation_function: activationNames[config.activation],
    enable_bias: config.attentionBias ?? false,
    do_layer_norm_before: config.postNorm !== true,
    layer_norm_elementwise_affine: config.affine ?? true,
    _remove_final_layer_norm: config.finalNorm === false,
  }),
  architecture: (config) => ({
    token: 'model.decoder.embed_tokens',
    position: { name: 'model.decoder.embed_positions', offset: 2 },
    ...(config.wordSize !== undefined && {
      project: { into: 'model.decoder.project_in', out: 'model.decoder.project_out', size: config.wordSize },
    }),
    rotary: false,
    layers: Array.from({ length: config.layers }, (_, i) => layer(config, i)),
    ...(config.postNorm !== true && config.finalNorm !== false && { norm: normOf(config)('model.decoder.final_layer_norm') }),
    output: { name: 'lm_head' },
  }),
  loraTargets: ['q_proj', 'v_proj'],
}
