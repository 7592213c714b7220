/**
 * Moby-Dick, continued: the model reads nine chapters in ten, writes on from places in them, and is judged by a sentiment lexicon. It never becomes
 * fluent; that it becomes more cheerful is measured.
 */
import { afinn } from '../../inputs/afinn.ts'
import { book } from '../book.ts'
import { drawPrompts, learnTokenizer, windows } from '../prompts.ts'
import type { DemoRecipe, DemoSize } from '../recipe.ts'
import type { DemoPrompt, DemoSample, DemoWorld } from '../world.ts'

export const recipes: Readonly<Record<DemoSize, DemoRecipe>> = {
  full: {
    vocabulary: 2048,
    model: { context: 64, embed: 128, layers: 3, heads: 4 },
    pretraining: { steps: 900, batch: 16, rate: 3e-3, warmup: 50 },
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
    continuation: 24,
    temperature: 0.9,
    judged: 768,
    compared: 256,
    alignment: { epochs: 4, batch: 16, rate: 1.5e-2, beta: 0.1 },
  },
}

export const world: DemoWorld = {
  story: {
    reading: 'Moby-Dick; every tenth chapter is held out',
    judging: 'a human says thumbs up or down (the human is the AFINN sentiment lexicon)',
    comparing: 'prompts from chapters that it has never seen',
  },
  recipes,
  material: ({ vocabulary, model: { context }, judged, compared }, seed) => {
    const { training, heldOut } = book()
    const tokenizer = learnTokenizer(training, vocabulary)
    const [texts, unseen] = [training.map((text) => tokenizer.encode(text)), heldOut.map((text) => tokenizer.encode(text))]
    const prompts = { length: context / 4 }
    const read = (all: readonly (readonly number[])[]): readonly DemoPrompt[] =>
      all.map((tokens) => ({ tokens, text: tokenizer.decode(tokens) }))
    return {
      ...{ tokenizer, reading: windows(texts, context), unseen: windows(unseen, context) },
      asked: read(drawPrompts(texts, tokenizer, { ...prompts, count: judged, seed })),
      compared: read(drawPrompts(unseen, tokenizer, { ...prompts, count: compared, seed: seed + 2 })),
    }
  },
  judge: (_, answer) => {
    const score = afinn.worth(answer)
    return { score, qualities: { 'thumbs up': score > 0, 'thumbs down': score < 0 } }
  },
  thumb: ({ score }) => (score === 0 ? undefined : score > 0),
  phrases: {
    what: 'positive words',
    of: (answer) => [...afinn.found(answer)].flatMap(([word, value]) => (value > 0 ? [word] : [])),
  },
  show: ({ prompt, before, after }: DemoSample) => [
    `  “${line(prompt).trim()} …`,
    `    before [${signed(before.score)}]${line(before.text)}`,
    `    after  [${signed(after.score)}]${line(after.text)}`,
  ],
  next: (out) => `npx halograd generate --model ${out} --prompt " the white whale"`,
}

/** On one line, whatever a young model writes. */
const line = (text: string): string => text.replaceAll(/[^ -~]+/g, '·')
const signed = (x: number): string => (x > 0 ? `+${x}` : `${x}`)
