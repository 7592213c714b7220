/**
 * A generative grammar in plain text: alternatives in brackets, and slots that are filled with a word chosen once for a whole conversation.
 *
 *     "[how|in what way] do i return the {item}?"      → how do i return the lamp?
 */

/** Words for slots. */
export type GrammarSlots = Readonly<Record<string, string>>
/** A number in [0, 1), another one each time. */
export type GrammarChance = () => number

type Part = string | readonly Sequence[]
type Sequence = readonly Part[]

/** Whether a text is well formed shows when it is parsed. @throws SyntaxError for a bracket without a partner */
const parse = (text: string): Sequence => {
  let at = 0
  const sequence = (inside: boolean): readonly Sequence[] => {
    const alternatives: Part[][] = [[]]
    while (at < text.length) {
      const character = text[at++]!
      if (character === '[') alternatives.at(-1)!.push(sequence(true))
      else if (character === '|' && inside) alternatives.push([])
      else if (character === ']' && inside) return alternatives
      else if (character === ']') throw new SyntaxError(`a bracket is closed and was not opened: ${text}`)
      else alternatives.at(-1)!.push(character)
    }
    if (inside) throw new SyntaxError(`a bracket is not closed: ${text}`)
    return alternatives
  }
  return sequence(false)[0]!
}
const parsed = new Map<string, Sequence>()
const sequenceOf = (text: string): Sequence => {
  const known = parsed.get(text) ?? parse(text)
  parsed.set(text, known)
  return known
}

/** One of these. */
export const pick = <T>(from: readonly T[], draw: GrammarChance): T => from[Math.floor(draw() * from.length)]!

/** One text of the grammar, its slots filled. */
export const write = (text: string, slots: GrammarSlots, draw: GrammarChance): string => {
  const written = (parts: Sequence): string => parts.map((part) => (typeof part === 'string' ? part : written(pick(part, draw)))).join('')
  return written(sequenceOf(text))
    .replaceAll(/\{(\w+)\}/g, (_, slot: string) => slots[slot] ?? slot)
    .replaceAll(/ +/g, ' ')
    .trim()
}

/** How many different templates there are, slots not counted. */
export const templates = (text: string): number => {
  const count = (parts: Sequence): number =>
    parts.reduce((n, part) => n * (typeof part === 'string' ? 1 : part.reduce((sum, each) => sum + count(each), 0)), 1)
  return count(sequenceOf(text))
}
