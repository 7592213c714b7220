/** Gemma: Llama with embeddings times √width, gains stored less one, and a tanh GELU. Gemma Team (2024), arXiv:2403.08295. */
import type { Family } from '../family.ts'
import { formatGemma, gemmaLike, readGemma } from '../gemma-like.ts'
import { firstOf, gemmaOnly, llamaNames } from '../gguf-names.ts'

export const gemma: Family = {
  key: 'gemma',
  architectures: { text: 'GemmaForCausalLM', reward: 'GemmaForSequenceClassification' },
  parse: (fields) => readGemma(fields, 'gemma', {}),
  format: formatGemma,
  architecture: (config) => gemmaLike(config),
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'gemma', names: llamaNames, plusOne: true },
    against: (config) => firstOf(...gemmaOnly(config)),
  },
}
