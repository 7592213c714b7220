/**
 * What a declaration may be made of: things that a constructor of ours made, and nothing that merely looks like one. A reward with a text
 * that is not increasing, or an anchor that is not its own, could else be declared by hand.
 */
export interface Vocabulary {
  /** The word, which is one from now on. */
  readonly adopt: <T extends object>(word: T) => T
  readonly has: (word: object) => boolean
}

export const vocabulary = (): Vocabulary => {
  const words = new WeakSet<object>()
  return {
    adopt: (word) => {
      words.add(word)
      return word
    },
    has: (word) => words.has(word),
  }
}
