/** What most families share with Llama: fields of `config.json`, and the layers of RMSNorm, rotary attention and a gated feed-forward layer. */
import type { Json, JsonFields } from '../io/fields.ts'
import type { Architecture, AttentionSpec, FeedForwardSpec, LayerSpec, NormSpec } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import { activationNames, activations, formatRope, type RopeDefaults, readRope } from './parsing.ts'
import type { Rope } from './rope.ts'

export interface LlamaDefaults extends RopeDefaults {
  readonly tied?: boolean
  readonly context?: number
  /** Key and value heads, where nothing says it. Default: as many as query heads. */
  readonly keyValueHeads?: number
  /** Size of a head, where nothing says it. Default: width / heads. */
  readonly headSize?: number
  readonly epsilon?: number
  /** The names of the fields of norms and activation. */
  readonly norm?: string
  readonly activation?: string
  /** The activation, where nothing says it. */
  readonly function?: string
}

/** The fields that Llama has. */
export const readLlama = (fields: JsonFields, family: string, defaults: LlamaDefaults = {}): ModelConfig => {
  const embed = fields.count('hidden_size')
  const heads = fields.count('num_attention_heads')
  const context = fields.count('max_position_embeddings', defaults.context ?? 2048)
  const own = fields.get('head_dim') ?? defaults.headSize
  const headSize = own === undefined ? embed / heads : fields.count('head_dim', defaults.headSize)
  return {
    family,
    vocab: fields.count('vocab_size'),
    context,
    embed,
    layers: fields.count('num_hidden_layers'),
    heads,
    keyValueHeads: fields.has('num_key_value_heads') ? fields.count('num_key_value_heads', heads) : (defaults.keyValueHeads ?? heads),
    headSize,
    hidden: fields.count('intermediate_size'),
    activation: fields.choice(defaults.activation ?? 'hidden_act', activations, defaults.function ?? 'silu') ?? 'silu',
    normEpsilon: fields.positive(defaults.norm ?? 'rms_norm_eps', defaults.epsilon ?? 1e-6),
    rotation: 'half',
    tied: fields.flag('tie_word_embeddings', defaults.tied ?? false),
    ...readRope(fields, headSize, context, defaults),
  }
}

/** A flag of the file as a field of the configuration; absent where it is not set. */
export const readFlag = <K extends string>(fields: JsonFields, name: string, key: K): { readonly [P in K]?: true } =>
  (fields.flag(name, false) ? { [key]: true } : {}) as { readonly [P in K]?: true }

/** The fields that Llama has, but for those of norm, activation and RoPE under other names. */
export const formatLlama = (config: ModelConfig, names: LlamaDefaults = {}): Json => ({
  hidden_size: config.embed,
  intermediate_size: config.hidden,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  num_key_value_heads: config.keyValueHeads,
  head_dim: config.headSize,
  max_position_embeddings: config.context,
  [names.activation ?? 'hidden_act']: activationNames[config.activation],
  [names.norm ?? 'rms_norm_eps']: config.normEpsilon,
  ...formatRope(config, names),
})

export const ropeOf = ({ ropeTheta, rope, rotated, headSize, context }: ModelConfig): Rope => ({
  ...{ theta: ropeTheta, headSize, rotated: rotated ?? headSize, context },
  ...(rope && { scaling: rope }),
})

export interface LlamaChanges {
  readonly norm?: Partial<NormSpec>
  readonly attention?: (layer: number) => Partial<AttentionSpec>
  readonly feedForward?: Partial<FeedForwardSpec>
  readonly layer?: Partial<Omit<LayerSpec, 'attention' | 'feedForward'>>
  readonly whole?: Partial<Architecture>
}

/** Llama's architecture, with what a family changes. */
export const llamaLike = (config: ModelConfig, changes: LlamaChanges = {}): Architecture => {
  const { normEpsilon: epsilon, activation, attentionBias: bias = false, feedForwardBias = false } = config
  const norm = (name: string): NormSpec => ({ name, kind: 'rms', epsilon, ...changes.norm })
  const rope = ropeOf(config)
  const project = (name: string) => ({ name: `self_attn.${name}`, bias })
  const widen = (name: string) => ({ name: `mlp.${name}`, bias: feedForwardBias })
  const attention = (layer: number): AttentionSpec => ({
    before: norm('input_layernorm'),
    ...{ query: project('q_proj'), key: project('k_proj'), value: project('v_proj'), out: project('o_proj') },
    scale: config.attentionScale ?? config.headSize ** -0.5,
    cap: config.attentionCap,
    window: config.windows?.[layer] ?? undefined,
    rope: config.unrotated?.includes(layer) ? undefined : rope,
    ...changes.attention?.(layer),
  })
  const feedForward: FeedForwardSpec = {
    before: norm('post_attention_layernorm'),
    ...{ gate: widen('gate_proj'), up: widen('up_proj'), down: widen('down_proj'), activation },
    ...changes.feedForward,
  }
  return {
    token: 'model.embed_tokens',
    embeddingScale: config.embeddingScale,
    rotary: true,
    layers: Array.from({ length: config.layers }, (_, layer) => ({
      name: `model.layers.${layer}`,
      attention: attention(layer),
      feedForward,
      residualScale: config.residualScale,
      ...changes.layer,
    })),
    norm: norm('model.norm'),
    output: { name: 'lm_head', scale: config.logitScale, cap: config.logitCap },
    ...changes.whole,
  }
}
