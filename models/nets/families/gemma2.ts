/** Gemma 2: norms before and after each branch, capped scores and logits, and a window in every other layer. Gemma Team (2024), arXiv:2408.00118. */
import type { Family } from '../family.ts'
import { formatGemma, formatGemmaScores, readCap, readGemma, readGemmaScores, sandwich } from '../gemma-like.ts'
import { firstOf, fourNorms, gemmaOnly, llamaNames, slidesOtherwise } from '../gguf-names.ts'
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
  gguf: {
    ...{ architecture: 'gemma2', names: { ...llamaNames, ...fourNorms }, plusOne: true },
    metadata: ({ windows, attentionCap = 0, logitCap = 0 }) => ({
      'attention.sliding_window': { u32: windows?.find((width) => width !== null) ?? 0 },
      ...{ attn_logit_softcapping: { f32: attentionCap }, final_logit_softcapping: { f32: logitCap } },
    }),
    against: (config) =>
      firstOf(
        ...gemmaOnly(config),
        slidesOtherwise(config, (layer) => layer % 2 === 0),
        [config.attentionCap === undefined || config.logitCap === undefined, 'scores or logits that are not capped'],
      ),
  },
}
