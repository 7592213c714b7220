/** GPT-2: LayerNorm, learned positions, multi-head attention and GELU, with biases. Radford et al. (2019), "Language models are unsupervised multitask learners". */
import type { Family } from '../family.ts'
import { firstOf, plainScale } from '../gguf-names.ts'
import { gpt2Architecture } from '../gpt2-like.ts'
import { readFlag } from '../llama-like.ts'
import { activationNames, activations } from '../parsing.ts'

const conv = (name: string) => ({ name, bias: true, transposed: true })
const fused = { ...conv('attn.c_attn'), fused: 'blocks' } as const
const matrices = {
  ...{ query: fused, key: fused, value: fused, out: conv('attn.c_proj') },
  ...{ up: conv('mlp.c_fc'), down: conv('mlp.c_proj') },
}

export const gpt2: Family = {
  key: 'gpt2',
  architectures: { text: 'GPT2LMHeadModel', reward: 'GPT2ForSequenceClassification' },
  parse: (fields) => {
    fields.only('add_cross_attention', false)
    const embed = fields.count('n_embd')
    const heads = fields.count('n_head')
    return {
      family: 'gpt2',
      vocab: fields.count('vocab_size'),
      context: fields.count('n_positions', 1024),
      embed,
      layers: fields.count('n_layer'),
      heads,
      keyValueHeads: heads,
      headSize: embed / heads,
      hidden: fields.count('n_inner', 4 * embed),
      activation: fields.choice('activation_function', activations, 'gelu_new') ?? 'geluTanh',
      normEpsilon: fields.positive('layer_norm_epsilon', 1e-5),
      ropeTheta: 10000,
      rotation: 'half',
      tied: fields.flag('tie_word_embeddings', true),
      ...readFlag(fields, 'scale_attn_by_inverse_layer_idx', 'layerScaled'),
      ...(fields.flag('scale_attn_weights', true) ? {} : { attentionScale: 1 }),
    }
  },
  format: (config) => ({
    n_embd: config.embed,
    n_inner: config.hidden,
    n_layer: config.layers,
    n_head: config.heads,
    n_positions: config.context,
    activation_function: activationNames[config.activation],
    layer_norm_epsilon: config.normEpsilon,
    ...(config.layerScaled === true && { scale_attn_by_inverse_layer_idx: true }),
    ...(config.attentionScale === 1 && { scale_attn_weights: false }),
  }),
  architecture: (config) => {
    const { headSize, attentionScale = headSize ** -0.5, layerScaled = false } = config
    return gpt2Architecture(config, matrices, (i) => ({ scale: attentionScale / (layerScaled ? i + 1 : 1) }))
  },
  loraTargets: ['c_attn'],
  gguf: {
    architecture: 'gpt2',
    names: {
      ...{ 'transformer.wte': 'token_embd', 'transformer.wpe': 'position_embd', 'transformer.ln_f': 'output_norm', lm_head: 'output' },
      ...{ ln_1: 'attn_norm', 'attn.c_attn': 'attn_qkv', 'attn.c_proj': 'attn_output' },
      ...{ ln_2: 'ffn_norm', 'mlp.c_fc': 'ffn_up', 'mlp.c_proj': 'ffn_down' },
    },
    against: (config) =>
      firstOf(
        plainScale(config),
        [config.activation !== 'geluTanh', `activation_function ${config.activation} (it computes gelu_new)`],
        [config.layerScaled === true, 'scores divided by the number of the layer'],
      ),
  },
}
