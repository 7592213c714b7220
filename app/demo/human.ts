/** The human of the demo: thumbs up for a text that the AFINN lexicon finds worth more than 0, thumbs down for less, no opinion at 0. */
import { afinn } from '../inputs/afinn.ts'

export const score = afinn.worth

/** How many texts have each positive word, the most frequent first. */
export const positiveWords = (texts: readonly string[]): readonly (readonly [word: string, texts: number])[] => {
  const counts = new Map<string, number>()
  for (const text of texts) for (const [word, value] of afinn.found(text)) if (value > 0) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
}
