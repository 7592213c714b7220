/**
 * Gemma 3, text: Gemma 2 with normalized queries and keys, and a window in five layers of six, which rotate by a base of their own.
 * Gemma Team (2025), arXiv:2503.19786.
 */
import { isObject, type Json, type JsonFields } from '../../io/fields.ts'
import type { ModelConfig } from '../config.ts'
import type { Family } from '../family.ts'
import { formatGemma, formatGemmaScores, readCap, readGemma, readGemmaScores, sandwich } from '../gemma-like.ts'
import { firstOf, fourNorms, gemmaOnly, headNorms, llamaNames, slidesOtherwise } from '../gguf-names.ts'
import { ropeOf } from '../llama-like.ts'
import { formatWindows, nestedRope, readWindows } from '../parsing.ts'

/** Every so manieth layer sees all before it, where `layer_types` does not say which. */
const patternOf = (fields: JsonFields): number => {
  const names = ['sliding_window_pattern', '_sliding_window_pattern'] as const
  const [name] = names.filter((each) => fields.get(each) !== undefined)
  return name === undefined ? 6 : fields.count(name)
}

/** The base of layers with a window. */
const localTheta = (fields: JsonFields): number => {
  const rope = fields.get('rope_parameters')
  const local = isObject(rope) ? rope.sliding_attention : undefined
  if (!isObject(local)) return fields.positive('rope_local_base_freq', 10000)
  const { rope_type: type = 'default', rope_theta: theta = 10000, ...others } = local
  if (type !== 'default' || typeof theta !== 'number' || theta <= 0 || Object.keys(others).length > 0)
    fields.flaw(
      'rope_parameters.sliding_attention',
      '{"rope_type": "default", "rope_theta": …}',
      local,
      'Use a checkpoint without scaling there.',
    )
  return Number(theta)
}

const parse = (fields: JsonFields): ModelConfig => {
  fields.only('use_bidirectional_attention', false)
  const config = readGemma(nestedRope(fields, 'full_attention'), 'gemma3_text', { theta: 1e6, keyValueHeads: 4, context: 131072 })
  const pattern = patternOf(fields)
  const windows = readWindows(fields, config.layers, (layer) => (layer + 1) % pattern !== 0, 4096)
  return {
    ...config,
    ...readGemmaScores(fields),
    ...readCap(fields, 'attn_logit_softcapping', 'attentionCap'),
    ...readCap(fields, 'final_logit_softcapping', 'logitCap'),
    ...windows,
    localTheta: localTheta(fields),
  }
}

const format = (config: ModelConfig): Json => ({
  ...formatGemma(config),
  ...formatGemmaScores(config),
  ...formatWindows(config),
  rope_local_base_freq: config.localTheta ?? 10000,
})

export const gemma3: Family = {
  key: 'gemma3_text',
  architectures: { text: 'Gemma3ForCausalLM', reward: 'Gemma3TextForSequenceClassification' },
  parse,
  format,
  architecture: (config) => {
    const norm = (name: string) =>
      ({ name: `self_attn.${name}`, kind: 'rms', epsilon: config.normEpsilon, plusOne: true, over: 'shared' }) as const
    const { rope: _, ...local } = { ...config, ropeTheta: config.localTheta ?? 10000 }
    const near = ropeOf(local)
    return sandwich(config, (layer) => ({
      queryNorm: norm('q_norm'),
      keyNorm: norm('k_norm'),
      ...((config.windows?.[layer] ?? null) !== null && { rope: near }),
    }))
  },
  loraTargets: ['q_proj', 'v_proj'],
  gguf: {
    ...{ architecture: 'gemma3', names: { ...llamaNames, ...fourNorms, ...headNorms }, plusOne: true },
    metadata: ({ windows }) => ({ 'attention.sliding_window': { u32: windows?.find((width) => width !== null) ?? 0 } }),
    against: (config) =>
      firstOf(
        ...gemmaOnly(config),
        slidesOtherwise(config, (layer) => (layer + 1) % 6 !== 0),
        [config.localTheta !== 10000, 'a base other than 10000 of layers with a window'],
        [config.attentionCap !== undefined || config.logitCap !== undefined, 'capped scores or logits'],
      ),
  },
}
