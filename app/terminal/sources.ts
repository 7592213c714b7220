/**
 * Files of this program, as a process of their own or as modules found by folder. A clone runs its TypeScript through tsx; the installed
 * package runs the same files compiled, so the names of files here end in `.ts` and stand for either.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const compiled = import.meta.url.endsWith('.js')

const sourceUrl = (name: string, beside: string | URL): URL => new URL(compiled ? name.replace(/\.ts$/, '.js') : name, beside)

/** The path of a source file, given beside the module that asks: `sourceFile('./worker.ts', import.meta.url)`. */
export const sourceFile = (name: string, beside: string): string => fileURLToPath(sourceUrl(name, beside))

/** Flags of Node without which a source file does not run. */
export const loaderFlags = (): readonly string[] => (compiled ? [] : ['--import', import.meta.resolve('tsx')])

/** The names of the source files of a folder, in alphabetical order: `namesIn('./judges/', import.meta.url)`. */
export const namesIn = (folder: string, beside: string): readonly string[] =>
  readdirSync(new URL(folder, beside))
    .flatMap((file) => (file.endsWith('.d.ts') ? [] : (/^(.+)\.[jt]s$/.exec(file)?.[1] ?? [])))
    .sort()

/** The modules of a folder by name, in that order. */
export const modulesIn = async <Module>(folder: string, beside: string): Promise<ReadonlyMap<string, Module>> => {
  const place = new URL(folder, beside)
  const load = async (name: string): Promise<[string, Module]> => [name, await import(sourceUrl(`${name}.ts`, place).href)]
  return new Map(await Promise.all(namesIn(folder, beside).map(load)))
}
