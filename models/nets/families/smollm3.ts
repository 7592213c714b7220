/** SmolLM3: Llama of which every fourth layer does not rotate ("NoPE", Yang et al. 2025, arXiv:2501.18795). */
import type { JsonFields } from '../../io/fields.ts'
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { firstOf, llamaNames, noBias, noWindow, silu } from '../gguf-names.ts'
import { formatLlama, llamaLike, readFlag, readLlama } from '../llama-like.ts'
import { formatWindows, readWindows } from '../parsing.ts'

/** `no_rope_layers` has a 1 for each layer that rotates, and a 0 for each that does not. */
const unrotated = (fields: JsonFields, layers: number): readonly number[] => {
  const interval = fields.count('no_rope_layer_interval', 4)
  const listed = fields.get('no_rope_layers')
  const all = Array.from({ length: layers }, (_, layer) => layer)
  if (listed === undefined) return all.filter((layer) => (layer + 1) % interval === 0)
  if (Array.isArray(listed) && listed.length === layers && listed.every((x) => x === 0 || x === 1))
    return all.filter((layer) => listed[layer] === 0)
  fields.flaw('no_rope_layers', `a list of ${layers} numbers, 0 or 1`, listed, 'Correct the field.')
  return []
}

const parse = (fields: JsonFields): ModelConfig => {
  const config = readLlama(fields, 'smollm3', { theta: 2e6, tied: true, context: 32768, keyValueHeads: 4 })
  const still = unrotated(fields, config.layers)
  const slides = fields.flag('use_sliding_window', false)
  for (const unused of ['sliding_window', 'layer_types', 'max_window_layers']) fields.get(unused)
  return {
    ...config,
    ...readFlag(fields, 'attention_bias', 'attentionBias'),
    ...readFlag(fields, 'mlp_bias', 'feedForwardBias'),
    ...(still.length > 0 && { unrotated: still }),
    ...(slides && readWindows(fields, config.layers, (layer) => still.includes(layer))),
  }
}

export const smollm3: Family = {
  key: 'smollm3',
  architectures: { text: 'SmolLM3ForCausalLM', reward: 'SmolLM3ForSequenceClassification' },
  parse,
  format: (config) => ({
    ...formatLlama(config),
    attention_bias: config.attentionBias ?? false,
    mlp_bias: config.feedForwardBias ?? false,
    no_rope_layers: Array.from({ length: config.layers }, (_, layer) => (config.unrotated?.includes(layer) ? 0 : 1)),
    use_sliding_window: config.windows !== undefined,
    ...formatWindows(config),
  }),
  architecture: llamaLike,
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'smollm3', names: llamaNames, rotation: 'interleaved' },
    against: (config) =>
      firstOf(silu(config), noWindow(config), noBias(config), [
        Array.from({ length: config.layers }, (_, i) => (config.unrotated?.includes(i) ?? false) !== ((i + 1) % 4 === 0)).includes(true),
        'layers other than every fourth that do not rotate',
      ]),
  },
}
