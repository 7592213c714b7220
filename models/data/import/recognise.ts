/** Which preset of `presets/` a record is. */
import { isObject, type Json } from '../../io/fields.ts'
import { fits } from './fields.ts'
import type { Mapping, Preset } from './mapping.ts'
import { pathOf } from './paths.ts'
import { modules } from './presets.ts'

export type NamedPreset = Preset & { readonly name: string }

const isPreset = (module: object): module is { readonly preset: Preset } => 'preset' in module
/**
 * The exports that halograd reads, by the name of the application or format, in alphabetical order.
 * @example
 * ```ts
 * import { presets } from 'halograd/models'
 * const names = presets.map(({ name }) => name)
 * ```
 */
export const presets: readonly NamedPreset[] = Object.entries(await modules()).flatMap(([name, module]) =>
  isPreset(module) ? [{ ...module.preset, name }] : [],
)

export interface Recognised {
  readonly preset: NamedPreset
  readonly mapping: Mapping
}

/** The records of a kind in an element of a file. */
export const recordsIn = (mapping: Mapping, element: unknown): readonly Json[] =>
  (mapping.records === undefined ? [element] : pathOf(mapping.records)(element)).filter((each): each is Json => fits(mapping, each))

const byKeys = presets
  .flatMap((preset) => preset.mappings.map((mapping) => ({ preset, mapping })))
  .sort((a, b) => b.mapping.keys.length - a.mapping.keys.length || Number(b.preset.original ?? false) - Number(a.preset.original ?? false))

/** What an element of a file is, if any preset knows: the one that asks for the most keys. */
export const recognise = (element: unknown): Recognised | undefined => byKeys.find(({ mapping }) => recordsIn(mapping, element).length > 0)

/** The presets that come nearest to an element that none fits: those with most of their keys in it. */
export const nearest = (element: unknown, n = 3): readonly NamedPreset[] => {
  if (!isObject(element)) return []
  const shared = ({ keys }: Mapping): number =>
    keys.filter((key) => key.split(' | ').some((path) => Object.hasOwn(element, path.split('.')[0]!))).length / keys.length
  return [...new Set(byKeys.map(({ preset }) => preset))]
    .map((preset) => ({ preset, score: Math.max(...preset.mappings.map(shared)) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, n)
    .map(({ preset }) => preset)
}
