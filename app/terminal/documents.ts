/** Sections of documents that are made from results in the repository: each between a comment that names what makes it, and one that ends it. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { writeAtomically } from '../../models/index.ts'

const opening = (maker: string): string => `<!-- made by ${maker} -->`
const closing = '<!-- end of what is made -->'

/** A section as it stands in a document. `maker`: the file that prints it, from the root of the repository. */
export const section = (maker: string, content: string): string => `${opening(maker)}\n${content}\n${closing}`

/** Where the maker's section is in the document, this one takes its place. */
export const putSection = async (document: string, maker: string, content: string): Promise<void> => {
  const file = fileURLToPath(new URL(`../../${document}`, import.meta.url))
  const text = await readFile(file, 'utf8')
  const begin = text.indexOf(opening(maker))
  const end = text.indexOf(closing, begin)
  if (begin < 0 || end < 0) throw new Error(`${document} has no place for the section: expected ${opening(maker)} and ${closing}`)
  await writeAtomically(file, text.slice(0, begin) + section(maker, content) + text.slice(end + closing.length))
}
