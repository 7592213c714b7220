/** Two models on the same prompts: which answers people like, how often after beats before, and what the answers have in common. */
import { distinctPairs, repetition, words } from '../inputs/texts.ts'
import { type Rate, rateOf, winRate } from '../terminal/statistics.ts'
import type { DemoPrompt, DemoSample, DemoWorld } from './world.ts'

/** Answers of a model, in the order of the prompts. */
export type Answers = readonly { readonly prompt: DemoPrompt; readonly text: string; readonly tokens: readonly number[] }[]

/** How many of the answers have each of their phrases, the most frequent first. */
export const counted = (answers: readonly string[], of: (answer: string) => readonly string[]): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>()
  for (const answer of answers) for (const phrase of of(answer)) counts.set(phrase, (counts.get(phrase) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
}

/** What can be told of both models' answers by reading them. */
export const comparison = (world: DemoWorld, before: Answers, after: Answers) => {
  const texts = { before: before.map(({ text }) => text), after: after.map(({ text }) => text) }
  const opinions = {
    before: before.map(({ prompt, text }) => world.judge(prompt.text, text)),
    after: after.map(({ prompt, text }) => world.judge(prompt.text, text)),
  }
  const each = <T>(f: (when: 'before' | 'after') => T): { readonly before: T; readonly after: T } => ({
    before: f('before'),
    after: f('after'),
  })
  const scores = each((when) => opinions[when].map(({ score }) => score))
  const share = (quality: string): { readonly before: Rate; readonly after: Rate } =>
    each((when) => rateOf(opinions[when].filter(({ qualities }) => qualities[quality]).length, opinions[when].length))
  const phrases = each((when) => counted(texts[when], world.phrases.of))
  return {
    winRate: winRate(scores.before, scores.after),
    shares: Object.fromEntries(Object.keys(opinions.before[0]?.qualities ?? {}).map((quality) => [quality, share(quality)])),
    phrases: each((when) => {
      const total = phrases[when].reduce((n, [, count]) => n + count, 0)
      return phrases[when].slice(0, 8).map(([phrase, count]) => [phrase, count / total] as const)
    }),
    words: each((when) => texts[when].reduce((n, text) => n + words(text).length, 0) / texts[when].length),
    distinctPairs: each((when) => distinctPairs(texts[when])),
    repetition: each((when) => repetition(texts[when])),
    samples: before.slice(0, 4).map(
      ({ prompt }, i): DemoSample => ({
        prompt: prompt.text,
        ...each((when) => ({ text: texts[when][i]!, ...opinions[when][i]! })),
      }),
    ),
  }
}
