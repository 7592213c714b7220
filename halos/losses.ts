/**
 * The modules of `losses/`, found by reading the folder. In the package, the build puts a listing of the folder in the place of this file: pages
 * have no file system.
 */
import { readdir } from 'node:fs/promises'

export const modules = async (): Promise<readonly object[]> => {
  const folder = new URL('./losses/', import.meta.url)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort()
  return Promise.all(files.map((file): Promise<object> => import(new URL(file, folder).href)))
}
