/**
 * The modules of `families/` by name, found by reading the folder. In the package, the build puts a listing of the folder in the place of this
 * file: pages have no file system.
 */
import { readdir } from 'node:fs/promises'

export const modules = async (): Promise<Readonly<Record<string, object>>> => {
  const folder = new URL('./families/', import.meta.url)
  const names = (await readdir(folder)).filter((file) => file.endsWith('.ts')).map((file) => file.replace(/\.ts$/, ''))
  return Object.fromEntries(
    await Promise.all(
      names.sort().map(async (name): Promise<[string, object]> => [name, await import(new URL(`${name}.ts`, folder).href)]),
    ),
  )
}
