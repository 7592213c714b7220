/** Every loss in `losses/`: a new loss is a new file there, and is listed nowhere. */
import type { LossFamily } from './family.ts'
import { modules } from './losses.ts'

/** The families that modules export. */
const familiesOf = (modules: Iterable<object>): readonly LossFamily[] =>
  [...modules].flatMap((module) => Object.values(module).filter(isFamily))

const isFamily = (x: unknown): x is LossFamily => typeof x === 'function' && 'key' in x && 'defaults' in x && 'aliases' in x

/**
 * Every family of losses of the catalogue, in alphabetical order of keys. Loaded when asked for: a program that needs one loss can import
 * it.
 * @example
 * ```ts
 * import { catalogue } from 'halograd/halos'
 * const families = await catalogue()
 * console.log(families.some(({ key }) => key === 'kto')) // true
 * ```
 */
export const catalogue = async (): Promise<readonly LossFamily[]> =>
  [...familiesOf(Object.values(await modules()))].sort((a, b) => a.key.localeCompare(b.key))
