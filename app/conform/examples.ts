/** The example adapters, as a directory: what they share, and one file for each kind of implementation. */
import { readdir, readFile } from 'node:fs/promises'
import { writeDirectoryAtomically } from '../../models/index.ts'

const folder = new URL('./python/', import.meta.url)

/** Writes them. Returns their names. @throws FileError */
export const writeExamples = async (directory: string): Promise<readonly string[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.py')).sort()
  const files = await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const))
  await writeDirectoryAtomically(directory, Object.fromEntries(files))
  return names
}
