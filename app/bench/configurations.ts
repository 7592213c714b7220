/**
 * What is trained: GPT-2 models with exact GELU, pre-LayerNorm, a tied head, learned positions and biases, by AdamW.
 * `small` is the model that `reproduce` trains most, and `B` nanoGPT's character model.
 */
import type { ModelConfig, PlainAdamWOptions } from '../../models/index.ts'

export interface Configuration {
  readonly name: string
  readonly model: ModelConfig
  /** Texts in a batch, each of `model.context` tokens. */
  readonly batch: number
}

const gpt = (sizes: Pick<ModelConfig, 'layers' | 'heads' | 'embed' | 'context' | 'vocab'>): ModelConfig => ({
  ...sizes,
  family: 'gpt2',
  keyValueHeads: sizes.heads,
  headSize: sizes.embed / sizes.heads,
  hidden: 4 * sizes.embed,
  activation: 'gelu',
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  rotation: 'half',
  tied: true,
})

export const configurations = {
  tiny: { name: 'tiny', batch: 2, model: gpt({ layers: 2, heads: 2, embed: 32, context: 16, vocab: 32 }) },
  small: { name: 'small', batch: 32, model: gpt({ layers: 2, heads: 4, embed: 64, context: 48, vocab: 27 }) },
  A: { name: 'A', batch: 8, model: gpt({ layers: 4, heads: 4, embed: 128, context: 128, vocab: 256 }) },
  B: { name: 'B', batch: 4, model: gpt({ layers: 6, heads: 6, embed: 384, context: 256, vocab: 65 }) },
} as const satisfies Readonly<Record<string, Configuration>>
export type ConfigurationName = keyof typeof configurations

/** One text of so many tokens, in a model as wide as A: how memory grows with the sequence. */
export const long = (context: number): Configuration => ({
  name: `long ${context}`,
  batch: 1,
  model: gpt({ layers: 4, heads: 4, embed: 128, context, vocab: 256 }),
})

/** Of plain AdamW, in all contestants: gradients are neither clipped nor looked at. */
export const hyper = { rate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 } as const satisfies Readonly<
  Record<keyof PlainAdamWOptions, number>
>

export const tokensPerStep = ({ model, batch }: Configuration): number => batch * model.context

/** Operations of the matrix products of a step (backward is twice forward), with attention counted whole, not only below its diagonal. */
export const operationsPerStep = (configuration: Configuration): number => {
  const { layers, embed, hidden, vocab, context } = configuration.model
  const weights = layers * (4 * embed * embed + 2 * embed * hidden) + embed * vocab
  return 3 * tokensPerStep(configuration) * (2 * weights + 4 * context * embed * layers)
}

/** A Llama of the size of stories260K, for generation. */
export const stories: ModelConfig = {
  family: 'llama',
  vocab: 512,
  context: 512,
  embed: 64,
  layers: 5,
  heads: 8,
  keyValueHeads: 4,
  headSize: 8,
  hidden: 172,
  activation: 'silu',
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  rotation: 'interleaved',
  tied: true,
}

/** What can be measured. */
export const suites = ['gemm', 'kernels', 'train', 'generate', 'losses', 'align', 'load', 'gpu', 'all'] as const
export type Suite = (typeof suites)[number]
