/**
 * What a demo takes place in: texts to read, prompts to answer, and somebody who judges the answers. Each file of `worlds/` is one, by its name, and
 * nothing lists them.
 *
 *     texts → tokens → pre-training → answers → thumbs up or down → KTO → before against after
 */
import { pathToFileURL } from 'node:url'
import type { Tokenizer, TrainingExample } from '../../models/index.ts'
import { UsageError } from '../terminal/errors.ts'
import { namesIn, sourceFile } from '../terminal/sources.ts'
import type { DemoRecipe, DemoSize } from './recipe.ts'

/** What somebody asks: the tokens that a model goes on from, and the same as a text. */
export interface DemoPrompt {
  readonly tokens: readonly number[]
  readonly text: string
}

/** What is read, and what is asked. Tokens are those of a vocabulary learned here. */
export interface DemoMaterial {
  readonly tokenizer: Tokenizer
  readonly reading: readonly TrainingExample[]
  /** Held out: to measure what alignment cost. */
  readonly unseen: readonly TrainingExample[]
  /** Prompts whose answers are judged, and new ones on which before and after are compared. */
  readonly asked: readonly DemoPrompt[]
  readonly compared: readonly DemoPrompt[]
  /** The token that ends an answer. Without one, all are as long as they may be. */
  readonly end?: number
}

/** What somebody thinks of an answer. */
export interface DemoOpinion {
  /** The larger the better: whichever of two answers has more wins. */
  readonly score: number
  /** What is true of it: the shares of answers that are reported. */
  readonly qualities: Readonly<Record<string, boolean>>
}

export interface DemoWorld {
  /** What happens, for people to read: what is read, who judges, and what they are compared on. */
  readonly story: { readonly reading: string; readonly judging: string; readonly comparing: string }
  readonly recipes: Readonly<Record<DemoSize, DemoRecipe>>
  readonly material: (recipe: DemoRecipe, seed: number) => DemoMaterial
  readonly judge: (prompt: string, answer: string) => DemoOpinion
  /** Up, down, or none: what that person presses; `draw` is chance. */
  readonly thumb: (opinion: DemoOpinion, draw: number) => boolean | undefined
  /** What answers have in common, to see what the model falls back on: the words, or beginnings, that are counted. */
  readonly phrases: { readonly what: string; readonly of: (answer: string) => readonly string[] }
  /** A prompt and both answers, as lines to read. */
  readonly show: (sample: DemoSample) => readonly string[]
  /** What to do next, with the model in a directory. */
  readonly next: (out: string) => string
}

export interface DemoSample {
  readonly prompt: string
  readonly before: DemoOpinion & { readonly text: string }
  readonly after: DemoOpinion & { readonly text: string }
}

/** The worlds that there are. */
export const worldNames = (): readonly string[] => namesIn('./worlds/', import.meta.url)

/** @throws UsageError where there is no such world */
export const findWorld = async (name: string): Promise<DemoWorld> => {
  if (!worldNames().includes(name)) throw new UsageError(`--world: there is no world '${name}'. Known are ${worldNames().join(', ')}.`)
  const { world }: { readonly world: DemoWorld } = await import(pathToFileURL(sourceFile(`./worlds/${name}.ts`, import.meta.url)).href)
  return world
}
