/**
 * The data that lives beside the repository (`../shared`, or wherever `HALOGRAD_SHARED` says): real models, real preferences, golden numbers.
 * It is absent on a user's machine, so a test that needs it is skipped there, and says why.
 */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const root = resolve(repository, process.env.HALOGRAD_SHARED ?? '../shared')

/** The absolute path of a shared file or folder, or `undefined` where it is absent. */
export const shared = (path: string): string | undefined => {
  const absolute = resolve(root, path)
  return existsSync(absolute) ? absolute : undefined
}

/**
 * Options of a test that reads shared files: `test('…', whenShared('models/gpt-nano-sort'), () => { read(shared('models/gpt-nano-sort')!) })`.
 * Skips, with the reason in the report, when one of them is absent.
 */
export const whenShared = (...paths: readonly string[]): { readonly skip: string | false } => {
  const absent = paths.filter((path) => shared(path) === undefined)
  return { skip: absent.length > 0 && `needs ${absent.join(', ')} in ${root} (HALOGRAD_SHARED may point to a copy)` }
}
