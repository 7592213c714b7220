/**
 * Losses as users name them: a key of the catalogue, what another library calls it, or a file of their own that exports one; and sums of them.
 *
 *     kto      ./my-loss.ts      dpo+0.1*sft
 */
import { existsSync } from 'node:fs'
import { either as E } from 'fp-ts'
import {
  type AnyLoss,
  type Checked,
  catalogue,
  find,
  getOrThrow,
  type Ingredient,
  type LossFamily,
  mixture,
  type Settings,
} from '../../halos/index.ts'
import { refusedLosses } from '../../halos/internal.ts'
import { UsageError } from '../terminal/errors.ts'
import { nearest } from './aliases.ts'
import { defaultOf, isModule } from './modules.ts'

/**
 * Settings go to every term that knows them.
 * @throws UsageError when there is no such loss or setting; DeclarationError when the declaration has flaws, or the losses cannot be added
 */
export const findLoss = async (name: string, settings: Settings): Promise<AnyLoss> => {
  const terms = await Promise.all(termsOf(name).map(async ({ coefficient, loss }) => ({ coefficient, ...(await named(loss)) })))
  const known: Settings = Object.assign({}, ...terms.map(({ defaults }) => defaults))
  const unknown = Object.keys(settings).filter((setting) => !Object.hasOwn(known, setting))
  if (unknown.length > 0) {
    const has = Object.entries(known).map(([setting, value]) => `${setting}=${value}`)
    throw new UsageError(
      `${terms.map(({ key }) => key).join(' + ')} has no setting ${unknown.map((setting) => `'${setting}'`).join(', ')}. ${has.length === 0 ? 'It has none.' : `It has ${has.join(', ')}.`}`,
    )
  }
  const own = (defaults: Settings): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([setting]) => Object.hasOwn(defaults, setting)))
  return getOrThrow(mixture(terms.map(({ coefficient, defaults, make }): Ingredient => [coefficient, getOrThrow(make(own(defaults)))])))
}

/** The settings of a loss of the catalogue, those that are not given at their defaults. */
export const fullSettings = async (name: string, settings: Settings): Promise<Settings> => ({
  ...find(await catalogue(), name)?.defaults,
  ...settings,
})

/** `dpo+0.1*sft`: each loss, and how much of it. A file whose name has a + is one loss. */
const termsOf = (name: string): readonly { readonly coefficient: number; readonly loss: string }[] => {
  if (existsSync(name)) return [{ coefficient: 1, loss: name }]
  return name.split('+').map((term) => {
    const [, factor = '1', loss = ''] = /^(?:([^*]*)\*)?([^*]+)$/.exec(term) ?? []
    const coefficient = Number(factor)
    if (factor.trim() !== '' && Number.isFinite(coefficient) && loss.trim() !== '') return { coefficient, loss: loss.trim() }
    throw new UsageError(`--halo ${name}: expected a loss, or a sum such as dpo+0.1*sft, found the term '${term}'`)
  })
}

/** A family, or a loss without settings. */
interface NamedLoss {
  readonly key: string
  readonly defaults: Settings
  readonly make: (settings: Settings) => Checked<AnyLoss>
}
const named = async (name: string): Promise<NamedLoss> => {
  if (isModule(name)) return ownLoss(name)
  const families = await catalogue()
  const found = find(families, name)
  if (found !== undefined) return { key: found.key, defaults: found.defaults, make: found }
  const refused = Object.hasOwn(refusedLosses, name.toLowerCase()) ? refusedLosses[name.toLowerCase()] : undefined
  if (refused !== undefined) throw new UsageError(`--halo ${name}: ${refused}`)
  const meant = nearest(
    name.toLowerCase(),
    families.map(({ key }) => key),
    2,
  )
  throw new UsageError(
    `--halo: there is no loss '${name}'. ${meant.length === 0 ? '' : `Did you mean ${meant.slice(0, 3).join(' or ')}? `}Known are ${families.map(({ key }) => key).join(', ')}; or give a file that exports one, such as ./my-loss.ts`,
  )
}

/** The default export of a module: a family, a checked declaration (what `halo({…})` returns), or a loss. */
const ownLoss = async (file: string): Promise<NamedLoss> => {
  const own = await defaultOf(file, '--halo')
  if (isFamily(own)) return { key: own.key, defaults: own.defaults, make: own }
  const loss = isChecked(own) ? own : isLoss(own) ? E.right(own) : undefined
  if (loss !== undefined) return { key: `the loss of ${file}`, defaults: {}, make: () => loss }
  throw new UsageError(
    `--halo: expected ${file} to export a loss by default (export default halo({…})), found ${own === undefined ? 'no default export' : typeof own}`,
  )
}

const isObject = (x: unknown): x is object => (typeof x === 'object' && x !== null) || typeof x === 'function'
const isFamily = (x: unknown): x is LossFamily => typeof x === 'function' && 'key' in x && 'defaults' in x
const isChecked = (x: unknown): x is Checked<AnyLoss> => isObject(x) && '_tag' in x && (E.isLeft(x as never) || E.isRight(x as never))
const isLoss = (x: unknown): x is AnyLoss => isObject(x) && 'needs' in x && 'evaluate' in x
