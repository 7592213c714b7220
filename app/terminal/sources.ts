/**
 * Files of this program, as a process of their own or as modules found by folder. A clone runs its TypeScript through tsx; the installed
 * package runs the same files compiled, so the names of files here end in `.ts` and stand for either.
 */
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const compiled = import.meta.url.endsWith('.js')

/** The path of a source file, given beside the module that asks: `sourceFile('./worker.ts', import.meta.url)`. */
export const sourceFile = (name: string, beside: string): string =>
  fileURLToPath(new URL(compiled ? name.replace(/\.ts$/, '.js') : name, beside))

/** Flags of Node without which a source file does not run. */
export const loaderFlags = (): readonly string[] => (compiled ? [] : ['--import', import.meta.resolve('tsx')])

/** The modules of a folder by name, in alphabetical order: `modulesIn('./judges/', import.meta.url)`. */
export const modulesIn = async <Module>(folder: string, beside: string): Promise<ReadonlyMap<string, Module>> => {
  const place = new URL(folder, beside)
  const names = (await readdir(place)).flatMap((file) => (file.endsWith('.d.ts') ? [] : (/^(.+)\.[jt]s$/.exec(file)?.[1] ?? []))).sort()
  const load = async (name: string): Promise<[string, Module]> => [name, await import(sourceFileUrl(`${name}.ts`, place))]
  return new Map(await Promise.all(names.map(load)))
}

const sourceFileUrl = (name: string, place: URL): string => new URL(compiled ? name.replace(/\.ts$/, '.js') : name, place).href
