/** How large a demo is. `full` takes a fast backend and a minute or two; `small` shows the same with a model a fraction of the size. */
import type { ModelConfig } from '../../models/index.ts'

export interface DemoRecipe {
  readonly vocabulary: number
  readonly model: Pick<ModelConfig, 'context' | 'embed' | 'layers' | 'heads'>
  readonly pretraining: { readonly steps: number; readonly batch: number; readonly rate: number; readonly warmup: number }
  /** How many topics there are to talk about, in a world that has topics. Default: all. */
  readonly topics?: number
  /** The most tokens of an answer. */
  readonly continuation: number
  readonly temperature: number
  /** Prompts to answer and judge, and prompts to compare on. */
  readonly judged: number
  readonly compared: number
  readonly alignment: {
    readonly epochs: number
    readonly batch: number
    readonly rate: number
    readonly beta: number
    /** Thumbs up weigh as much as thumbs down, all together, however few they are. */
    readonly balanced?: true
  }
}

export type DemoSize = 'small' | 'full'
