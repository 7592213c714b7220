/** The numbers of the small world's experiments: how large the models are, and how long they learn. `quick` shows that everything runs, nothing else. */
import type { ModelConfig } from '../../models/index.ts'
import { end, vocabulary } from './world.ts'

export type ExperimentSize = '60k' | '100k' | '230k'

export interface Sweep {
  /** Seeds that no table uses. */
  readonly seeds: readonly number[]
  readonly rates: readonly number[]
}

export interface Recipe {
  readonly sizes: Readonly<
    Record<ExperimentSize, { readonly embed: number; readonly layers: number; readonly heads: number; readonly steps: number }>
  >
  readonly pretraining: { readonly batch: number; readonly rate: number; readonly warmup: number; readonly weightDecay: number }
  readonly sft: { readonly batch: number; readonly rate: number }
  /** Completions a step: half as many pairs. */
  readonly batch: number
  /** Preferences to learn from, and tasks to be judged on. */
  readonly pairs: number
  readonly judged: number
  /** How learning rates are chosen. */
  readonly sweep: Sweep
}

export const recipes: Readonly<Record<'full' | 'quick', Recipe>> = {
  full: {
    sizes: {
      '60k': { embed: 48, layers: 2, heads: 4, steps: 2000 },
      '100k': { embed: 64, layers: 2, heads: 4, steps: 800 },
      '230k': { embed: 96, layers: 2, heads: 4, steps: 800 },
    },
    pretraining: { batch: 32, rate: 3e-3, warmup: 50, weightDecay: 0.1 },
    sft: { batch: 64, rate: 1e-3 },
    batch: 64,
    pairs: 4000,
    judged: 1000,
    sweep: { seeds: [101], rates: [3e-4, 1e-3, 3e-3] },
  },
  quick: {
    sizes: {
      '60k': { embed: 8, layers: 1, heads: 2, steps: 4 },
      '100k': { embed: 8, layers: 1, heads: 2, steps: 4 },
      '230k': { embed: 8, layers: 1, heads: 2, steps: 4 },
    },
    pretraining: { batch: 8, rate: 1e-2, warmup: 1, weightDecay: 0.1 },
    sft: { batch: 16, rate: 1e-2 },
    batch: 16,
    pairs: 40,
    judged: 16,
    sweep: { seeds: [101], rates: [1e-3] },
  },
}

export const context = 48

export const configOf = ({ sizes }: Recipe, size: ExperimentSize): ModelConfig => {
  const { embed, layers, heads } = sizes[size]
  return {
    ...{
      family: 'gpt2',
      vocab: vocabulary,
      context,
      embed,
      layers,
      heads,
      keyValueHeads: heads,
      headSize: embed / heads,
      hidden: 4 * embed,
    },
    ...{ activation: 'geluTanh', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true, eos: end },
  }
}

/** Large enough that copying is found within the first hundreds of steps; with GPT-2's 0.02 it is not. */
export const deviation = ({ sizes }: Recipe, size: ExperimentSize): number => 0.8 / Math.sqrt(sizes[size].embed)
