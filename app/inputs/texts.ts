/** How varied texts are: what a model that says the same again and again cannot hide. Words are compared in lower case. */

export const words = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []

/** The runs of n neighbouring words. */
const runs = (text: string, n: number): readonly string[] => {
  const those = words(text)
  return those.slice(n - 1).map((_, i) => those.slice(i, i + n).join(' '))
}

/** distinct-2: the fraction of pairs of neighbouring words, of all texts, that are different. 1: all new, 0: all the same. Li et al. (2016), arXiv:1510.03055. */
export const distinctPairs = (texts: readonly string[]): number => {
  const pairs = texts.flatMap((text) => runs(text, 2))
  return pairs.length === 0 ? 0 : new Set(pairs).size / pairs.length
}

/** The fraction of words (or runs of `n` of them) that the same text has said before, averaged over texts. For n = 4: seq-rep-4 of Welleck et al. (2020), arXiv:1908.04319. */
export const repetition = (texts: readonly string[], n = 1): number => {
  const each = texts.map((text) => runs(text, n)).filter((those) => those.length > 0)
  return each.reduce((sum, those) => sum + 1 - new Set(those).size / those.length, 0) / Math.max(each.length, 1)
}
