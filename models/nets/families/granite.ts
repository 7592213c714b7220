/** Granite 3: Llama with four multipliers, of embeddings, scores, branches and logits. Granite Team (2024), "Granite 3.0 Language Models". */
import type { Family } from '../family.ts'
import { firstOf, llamaNames, noBias, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'

export const granite: Family = {
  key: 'granite',
  architectures: { text: 'GraniteForCausalLM', reward: 'GraniteForSequenceClassification' },
  parse: (fields) => ({
    ...readLlama(fields, 'granite'),
    ...readFlag(fields, 'attention_bias', 'attentionBias'),
    ...readFlag(fields, 'mlp_bias', 'feedForwardBias'),
    embeddingScale: fields.positive('embedding_multiplier', 1),
    attentionScale: fields.positive('attention_multiplier', 1),
    residualScale: fields.positive('residual_multiplier', 1),
    logitScale: 1 / fields.positive('logits_scaling', 1),
  }),
  format: (config) => ({
    ...formatLlama(config),
    attention_bias: config.attentionBias ?? false,
    mlp_bias: config.feedForwardBias ?? false,
    embedding_multiplier: config.embeddingScale ?? 1,
    attention_multiplier: config.attentionScale ?? 1,
    residual_multiplier: config.residualScale ?? 1,
    logits_scaling: Number((1 / (config.logitScale ?? 1)).toPrecision(12)),
  }),
  architecture: llamaLike,
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'granite', names: llamaNames, rotation: 'interleaved' },
    metadata: ({ attentionScale = 1, embeddingScale = 1, residualScale = 1, logitScale = 1 }) => ({
      ...{ 'attention.scale': { f32: attentionScale }, embedding_scale: { f32: embeddingScale }, residual_scale: { f32: residualScale } },
      logit_scale: { f32: 1 / logitScale },
    }),
    against: (config) => firstOf(silu(config), noBias(config)),
  },
}
