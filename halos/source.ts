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

/** A loss of one's own. */
export const unpublished = (name: string): TextSource => ({ key: 'unpublished', authors: [], title: name, at: 'unpublished' })

/** A paper on arXiv, of which each loss is somewhere. */
export const paper =
  (key: string, year: number, arxiv: string, title: string, authors: string) =>
  (at: string): TextSource => ({ key, year, arxiv, title, authors: authors.split(', '), at })
