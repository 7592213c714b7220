/** Who judges when no person does: a lexicon of sentiment, or words that somebody lists. A text is worth the sum over its different words. */
import { type Lexicon, type LexiconEntry, lexicon } from '../../inputs/lexicon.ts'
import { words } from '../../inputs/texts.ts'

export interface JudgingRule {
  readonly kind: 'afinn' | 'words'
  /** Words that are liked and disliked, where the rule is of one's own; separated by anything that is no letter. */
  readonly liked: string
  readonly disliked: string
}
export const cheerful: JudgingRule = { kind: 'afinn', liked: 'whale sea ship', disliked: 'death dead' }

let afinn: Promise<Lexicon> | undefined
const loaded = async (): Promise<Lexicon> => {
  const entries: readonly LexiconEntry[] = await (await fetch(new URL('model/afinn.json', document.baseURI))).json()
  return lexicon(entries)
}

export const lexiconOf = async ({ kind, liked, disliked }: JudgingRule): Promise<Lexicon> => {
  if (kind === 'afinn') {
    afinn ??= loaded()
    return afinn
  }
  return lexicon([...words(liked).map((word) => [word, 1] as const), ...words(disliked).map((word) => [word, -1] as const)])
}

/** A text in pieces: those that the lexicon has are worth something. */
export const marked = ({ found }: Lexicon, text: string): readonly { readonly text: string; readonly worth: number }[] => {
  const worth = new Map(found(text))
  return text.split(/([\p{L}\p{N}']+)/u).map((piece) => ({ text: piece, worth: worth.get(piece.toLowerCase()) ?? 0 }))
}
