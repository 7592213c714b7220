/**
 * Modules of the user's own: a loss, a backend. TypeScript that no package.json with "type": "module" covers would be read as CommonJS, and would
 * get a second copy of halograd, whose tensors are strangers to ours. It is read as a copy named .mts instead, beside the original.
 */
import { copyFile, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../terminal/errors.ts'

/** A text in which copies are called by the names of their originals: `.mine.4711.mts` is `mine.ts`. */
export const withNamesAsGiven = (text: string): string => text.replace(/\.([^/\\\s]+)\.\d+\.mts\b/g, '$1.ts')

/** Whether a name given on the command line means a module. */
export const isModule = (name: string): boolean => /\.[cm]?[jt]s$/.test(name)

/** The default export. `option` is named in errors only. @throws UsageError */
export const defaultOf = async (file: string, option: string): Promise<unknown> => {
  const path = resolve(file)
  const asIs = !path.endsWith('.ts') || (await packageType(dirname(path))) === 'module'
  const read = asIs ? path : join(dirname(path), `.${basename(path, '.ts')}.${process.pid}.mts`)
  if (/\.[cm]?ts$/.test(path)) await readTypeScript(file, option)
  try {
    if (read !== path) await copyFile(path, read)
    const module: { readonly default?: unknown } = await import(pathToFileURL(read).href)
    return module.default
  } catch (error) {
    throw new UsageError(`${option}: ${file} could not be read as a module: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    if (read !== path) await rm(read, { force: true })
  }
}

/** Node 22.18 and later read TypeScript by themselves; before, tsx does, where it is installed. @throws UsageError where nothing does */
const readTypeScript = async (file: string, option: string): Promise<void> => {
  if (!import.meta.url.endsWith('.js') || ('typescript' in process.features && process.features.typescript)) return
  const tsx = await import('tsx/esm/api').catch(() => undefined)
  if (tsx === undefined)
    throw new UsageError(
      `${option}: ${file} is TypeScript, which Node ${process.versions.node} does not read by itself: npm install tsx, use Node 22.18 or later, or give JavaScript`,
    )
  tsx.register({ tsconfig: false })
}

/** What the nearest package.json says that its files are. */
const packageType = async (folder: string): Promise<unknown> => {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  if (text !== undefined) return JSON.parse(text).type
  return dirname(folder) === folder ? undefined : packageType(dirname(folder))
}
