/** Which words a model says more often, and less: where a reward is earned by a few favourite words, this shows it. */
import type { Lexicon } from '../../inputs/lexicon.ts'
import { words } from '../../inputs/texts.ts'

export interface WordChange {
  readonly word: string
  /** In how many of the texts it is. */
  readonly before: number
  readonly after: number
  /** What the lexicon says that it is worth. */
  readonly worth: number
}

const textsWith = (texts: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const text of texts) for (const word of new Set(words(text))) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/** The words whose number of texts has changed most, the greatest change first. Changes that chance makes as often as not are left out. */
export const wordChanges = (before: readonly string[], after: readonly string[], { worth }: Lexicon, most = 12): readonly WordChange[] => {
  const [old, young] = [textsWith(before), textsWith(after)]
  return [...new Set([...old.keys(), ...young.keys()])]
    .map((word) => ({ word, before: old.get(word) ?? 0, after: young.get(word) ?? 0 }))
    .map((change) => ({ ...change, deviations: (change.after - change.before) / Math.sqrt(change.after + change.before) }))
    .filter(({ deviations }) => Math.abs(deviations) > 1)
    .sort((a, b) => Math.abs(b.deviations) - Math.abs(a.deviations) || a.word.localeCompare(b.word))
    .slice(0, most)
    .map(({ word, before, after }) => ({ word, before, after, worth: worth(word) }))
}
