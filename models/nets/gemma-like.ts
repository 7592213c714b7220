/** What the Gemmas share: embeddings times √width, gains stored less one, a feed-forward layer gated by GELU, and since the second four norms a layer. */
import type { Json, JsonFields } from '../io/fields.ts'
import type { Architecture, AttentionSpec } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import { formatLlama, type LlamaChanges, type LlamaDefaults, llamaLike, readFlag, readLlama } from './llama-like.ts'

const activation = 'hidden_activation'
const tanh = 'gelu_pytorch_tanh'

export const readGemma = (fields: JsonFields, family: string, defaults: LlamaDefaults): ModelConfig => {
  const old = fields.get('hidden_act') ?? tanh
  if (fields.get(activation) === undefined && old !== tanh)
    fields.flaw(
      activation,
      'a name such as gelu_pytorch_tanh',
      `only hidden_act ${JSON.stringify(old)}, which versions of transformers read differently`,
      'Say in config.json which function the model was trained with: the released ones with gelu_pytorch_tanh.',
    )
  return {
    ...readLlama(fields, family, { tied: true, context: 8192, headSize: 256, activation, function: tanh, ...defaults }),
    ...readFlag(fields, 'attention_bias', 'attentionBias'),
  }
}

export const formatGemma = (config: ModelConfig): Json => {
  const name = config.activation === 'geluTanh' ? tanh : config.activation
  return {
    ...formatLlama(config, { activation }),
    hidden_act: name,
    hidden_activation: name,
    attention_bias: config.attentionBias ?? false,
  }
}

/** Scores are scaled by 1 / √query_pre_attn_scalar, and may be capped; so may logits. */
export const readGemmaScores = (fields: JsonFields): Pick<ModelConfig, 'attentionScale' | 'attentionCap' | 'logitCap'> => ({
  attentionScale: fields.positive('query_pre_attn_scalar', 256) ** -0.5,
})

export const readCap = <K extends 'attentionCap' | 'logitCap'>(fields: JsonFields, name: string, key: K, otherwise?: number) => {
  const absent = fields.has(name) ? fields.get(name) === undefined : otherwise === undefined
  return (absent ? {} : { [key]: fields.positive(name, otherwise) }) as { readonly [P in K]?: number }
}

export const formatGemmaScores = ({ attentionScale = 1, attentionCap, logitCap }: ModelConfig): Json => ({
  query_pre_attn_scalar: Number((attentionScale ** -2).toPrecision(12)),
  attn_logit_softcapping: attentionCap ?? null,
  final_logit_softcapping: logitCap ?? null,
})

const plusOne = { plusOne: true }

export const gemmaLike = (config: ModelConfig, changes: LlamaChanges = {}): Architecture =>
  llamaLike(config, { norm: plusOne, ...changes, whole: { embeddingScale: Math.sqrt(config.embed) } })

/** The second Gemma's norms: before and after each branch. */
export const sandwich = (config: ModelConfig, attention: (layer: number) => Partial<AttentionSpec> = () => ({})): Architecture => {
  const norm = (name: string) => ({ name, kind: 'rms', epsilon: config.normEpsilon, ...plusOne }) as const
  return gemmaLike(config, {
    attention: (layer) => ({ after: norm('post_attention_layernorm'), ...attention(layer) }),
    feedForward: { before: norm('pre_feedforward_layernorm'), after: norm('post_feedforward_layernorm') },
  })
}
