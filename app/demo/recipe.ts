/** How large the demo is. `full` takes a fast backend and minutes; `small` shows the same with a model a twentieth of the size. */
import type { ModelConfig } from '../../models/index.ts'

export interface DemoRecipe {
  readonly vocabulary: number
  readonly model: Pick<ModelConfig, 'context' | 'embed' | 'layers' | 'heads'>
  readonly pretraining: { readonly steps: number; readonly batch: number; readonly rate: number; readonly warmup: number }
  /** Tokens of a prompt, and of its continuation. */
  readonly prompt: number
  readonly continuation: number
  readonly temperature: number
  /** Prompts to sample and judge, and prompts of held-out chapters to compare on. */
  readonly judged: number
  readonly compared: number
  readonly alignment: { readonly epochs: number; readonly batch: number; readonly rate: number; readonly beta: number }
}

export type DemoSize = 'small' | 'full'

export const recipes: Readonly<Record<DemoSize, DemoRecipe>> = {
  full: {
    vocabulary: 2048,
    model: { context: 64, embed: 128, layers: 3, heads: 4 },
    pretraining: { steps: 900, batch: 16, rate: 3e-3, warmup: 50 },
    prompt: 16,
    continuation: 32,
    temperature: 0.9,
    judged: 2048,
    compared: 512,
    alignment: { epochs: 2, batch: 32, rate: 1e-3, beta: 0.1 },
  },
  small: {
    vocabulary: 2048,
    model: { context: 32, embed: 16, layers: 1, heads: 2 },
    pretraining: { steps: 120, batch: 16, rate: 2e-2, warmup: 12 },
    prompt: 8,
    continuation: 24,
    temperature: 0.9,
    judged: 768,
    compared: 256,
    alignment: { epochs: 4, batch: 16, rate: 1.5e-2, beta: 0.1 },
  },
}
