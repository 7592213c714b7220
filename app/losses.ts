/** Losses as users name them: a key of the catalogue, what another library calls it, or a file of their own that exports one. */
import { either as E } from 'fp-ts'
import { type AnyLoss, type Checked, catalogue, certain, type Family, find, type Settings } from '../halos/index.ts'
import { UsageError } from './errors.ts'
import { defaultOf, isModule } from './modules.ts'

/** @throws UsageError when there is no such loss or setting; DeclarationError when the declaration has flaws */
export const findLoss = async (name: string, settings: Settings): Promise<AnyLoss> => {
  if (isModule(name)) return ownLoss(name, settings)
  const families = await catalogue()
  const found = find(families, name)
  if (found === undefined)
    throw new UsageError(
      `--halo: there is no loss '${name}'. Known are ${families.map(({ key }) => key).join(', ')}; or give a file that exports one, such as ./my-loss.ts`,
    )
  return configured(found, settings)
}

const configured = (family: Family, settings: Settings): AnyLoss => {
  const unknown = Object.keys(settings).filter((name) => !(name in family.defaults))
  if (unknown.length > 0) {
    const known = Object.entries(family.defaults).map(([name, value]) => `${name}=${value}`)
    throw new UsageError(
      `${family.key} has no setting ${unknown.map((name) => `'${name}'`).join(', ')}. ${known.length === 0 ? 'It has none.' : `It has ${known.join(', ')}.`}`,
    )
  }
  return certain(family(settings))
}

/** The default export of a module: a family, a checked declaration (what `halo({…})` returns), or a loss. */
const ownLoss = async (file: string, settings: Settings): Promise<AnyLoss> => {
  const own = await defaultOf(file, '--halo')
  if (isFamily(own)) return configured(own, settings)
  if (Object.keys(settings).length > 0)
    throw new UsageError(`--halo: the loss of ${file} has no settings: set ${Object.keys(settings).join(', ')} in the file`)
  if (isChecked(own)) return certain(own)
  if (isLoss(own)) return own
  throw new UsageError(
    `--halo: expected ${file} to export a loss by default (export default halo({…})), found ${own === undefined ? 'no default export' : typeof own}`,
  )
}

const isObject = (x: unknown): x is object => (typeof x === 'object' && x !== null) || typeof x === 'function'
const isFamily = (x: unknown): x is Family => typeof x === 'function' && 'key' in x && 'defaults' in x
const isChecked = (x: unknown): x is Checked<AnyLoss> => isObject(x) && '_tag' in x && (E.isLeft(x as never) || E.isRight(x as never))
const isLoss = (x: unknown): x is AnyLoss => isObject(x) && 'needs' in x && 'evaluate' in x
