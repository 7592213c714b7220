/** Gemma 2: norms before and after each branch, capped scores and logits, and a window in every other layer. Gemma Team (2024), arXiv:2408.00118. */
import type { Family } from '../family.ts'
import { formatGemma, formatGemmaScores, readCap, readGemma, readGemmaScores, sandwich } from '../gemma-like.ts'
import { formatWindows, readWindows } from '../parsing.ts'

export const gemma2: Family = {
  key: 'gemma2',
  architectures: { text: 'Gemma2ForCausalLM', reward: 'Gemma2ForSequenceClassification' },
  parse: (fields) => {
    fields.only('use_bidirectional_attention', false)
    const config = readGemma(fields, 'gemma2', { keyValueHeads: 4 })
    return {
      ...config,
      ...readGemmaScores(fields),
      ...readCap(fields, 'attn_logit_softcapping', 'attentionCap', 50),
      ...readCap(fields, 'final_logit_softcapping', 'logitCap', 30),
      ...readWindows(fields, config.layers, (layer) => layer % 2 === 0, 4096),
    }
  },
  format: (config) => ({ ...formatGemma(config), ...formatGemmaScores(config), ...formatWindows(config) }),
  architecture: (config) => sandwich(config),
  loraTargets: ['q_proj', 'v_proj'],
}
