/** A lexicon: words and phrases, and what each is worth. A text is worth the sum over the different ones in it, however often it says them. */
import { words } from './texts.ts'

export type LexiconEntry = readonly [phrase: string, worth: number]

export interface Lexicon {
  /** The entries that a text has, each once. */
  readonly found: (text: string) => readonly LexiconEntry[]
  readonly worth: (text: string) => number
}

export const lexicon = (given: readonly LexiconEntry[]): Lexicon => {
  const spelled = given.map(([phrase, worth]): LexiconEntry => [words(phrase).join(' '), worth])
  const single = new Map(spelled.filter(([phrase]) => !phrase.includes(' ')))
  const longer = spelled.filter(([phrase]) => phrase.includes(' '))
  const found = (text: string): readonly LexiconEntry[] => {
    const those = words(text)
    const whole = ` ${those.join(' ')} `
    const here = [...new Set(those)].flatMap((word): readonly LexiconEntry[] => {
      const worth = single.get(word)
      return worth === undefined ? [] : [[word, worth]]
    })
    return [...here, ...longer.filter(([phrase]) => whole.includes(` ${phrase} `))]
  }
  return { found, worth: (text) => found(text).reduce((sum, [, worth]) => sum + worth, 0) }
}
