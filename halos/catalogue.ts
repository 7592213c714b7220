/** Every loss in `losses/`, found by folder: a new loss is a new file there, and is listed nowhere. */
import type { Family } from './family.ts'

/** The families that modules export. A bundler may hand in its own listing: `import.meta.glob('./losses/*.ts', { eager: true })`. */
export const familiesOf = (modules: Iterable<object>): readonly Family[] =>
  [...modules].flatMap((module) => Object.values(module).filter(isFamily))

const isFamily = (x: unknown): x is Family => typeof x === 'function' && 'key' in x && 'defaults' in x && 'aliases' in x

/** The catalogue, in alphabetical order of keys. Reads this folder, so it runs in Node; elsewhere use `familiesOf`. */
export const catalogue = async (): Promise<readonly Family[]> => {
  const { readdir } = await import('node:fs/promises')
  const folder = new URL('./losses/', import.meta.url)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'))
  const modules: readonly object[] = await Promise.all(files.map((file) => import(new URL(file, folder).href)))
  return [...familiesOf(modules)].sort((a, b) => a.key.localeCompare(b.key))
}
