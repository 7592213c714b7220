/** Where a loss was published. */
/** The paper that a loss comes from. */
export interface TextSource {
  /** BibTeX key, e.g. `ethayarajh2024kto`. */
  readonly key: string
  readonly authors: readonly string[]
  readonly title: string
  readonly year?: number
  /** arXiv identifier, e.g. `2402.01306`. */
  readonly arxiv?: string
  /** Where it appeared, if in a journal: it is cited as an article then. */
  readonly journal?: { readonly name: string; readonly volume: string; readonly pages: string }
  /** The equation or section: 'eq. 7'. */
  readonly at: string
}

/**
 * The source of a loss that has not been published.
 * @example
 * ```ts
 * import { unpublished } from 'halograd/halos'
 * console.log(unpublished('mine').title) // mine
 * ```
 */
export const unpublished = (name: string): TextSource => ({ key: 'unpublished', authors: [], title: name, at: 'unpublished' })

/**
 * A paper on arXiv: a function from the place of a loss in it, such as `'eq. 7'`, to its source.
 * @param key the BibTeX key
 * @param authors separated by ', '
 * @example
 * ```ts
 * import { paper } from 'halograd/halos'
 * const source = paper('lovelace2026', 2026, '2601.00001', 'A Loss', 'Ada Lovelace, Charles Babbage')('eq. 3')
 * console.log(source.authors.length, source.at) // 2 eq. 3
 * ```
 */
export const paper =
  (key: string, year: number, arxiv: string, title: string, authors: string) =>
  (at: string): TextSource => ({ key, year, arxiv, title, authors: authors.split(', '), at })
