/** Every loss in `losses/`: a new loss is a new file there, and is listed nowhere. */
import type { LossFamily } from './family.ts'
import { modules } from './losses.ts'

/** The families that modules export. */
const familiesOf = (modules: Iterable<object>): readonly LossFamily[] =>
  [...modules].flatMap((module) => Object.values(module).filter(isFamily))

const isFamily = (x: unknown): x is LossFamily => typeof x === 'function' && 'key' in x && 'defaults' in x && 'aliases' in x

/** The catalogue, in alphabetical order of keys. */
export const catalogue = async (): Promise<readonly LossFamily[]> =>
  [...familiesOf(Object.values(await modules()))].sort((a, b) => a.key.localeCompare(b.key))
