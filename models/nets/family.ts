/**
 * What a family of models is: how its `config.json` reads and is written, what it computes, which of its modules LoRA adapts, and how llama.cpp knows
 * it. A new family is a file of `families/` that exports one of these; it is listed nowhere.
 */
import type { Json, JsonFields } from '../io/fields.ts'
import type { Architecture } from './architecture.ts'
import type { ModelConfig, Purpose } from './config.ts'

export interface Family {
  /** `model_type` in a `config.json`. */
  readonly key: string
  /** Hugging Face's classes. */
  readonly architectures: Readonly<Record<Purpose, string>>
  /** What a `config.json` says, but for the tokens that begin and end texts. Flaws go to the fields' findings. */
  readonly parse: (fields: JsonFields) => ModelConfig
  /** The family's own fields of a `config.json`: `parse` reads them back. */
  readonly format: (config: ModelConfig) => Json
  readonly architecture: (config: ModelConfig) => Architecture
  /** The last parts of the names of the modules that PEFT adapts where nobody says otherwise. */
  readonly loraTargets: readonly string[]
  /** How llama.cpp has it; absent: it does not. */
  readonly gguf?: Gguf
}

/** A family as llama.cpp knows it. */
export interface Gguf {
  /** Its name for the architecture. */
  readonly architecture: string
  /** Its names for the modules of a layer and of the whole, by ours. */
  readonly names: Readonly<Record<string, string>>
  /** Whether it rotates interleaved coordinates (as Llama's original code) or halves. */
  readonly rotation?: 'interleaved' | 'half'
  /** Its own metadata, without the name of the architecture. */
  readonly metadata?: (config: ModelConfig) => Readonly<Record<string, GgufNumber>>
  /** Why a configuration would be computed otherwise there; nothing where it would not. */
  readonly against?: (config: ModelConfig) => string | undefined
  /** Query, key and value lie head by head in our tensor, one after the other in its. */
  readonly splitHeads?: boolean
  /** Gains are kept with the one that is added to them. */
  readonly plusOne?: boolean
}
/** A number as metadata have it. */
export type GgufNumber = { readonly u32: number } | { readonly f32: number } | { readonly flag: boolean }

export const isFamily = (x: unknown): x is Family => typeof x === 'object' && x !== null && 'architecture' in x && 'architectures' in x
