/**
 * Reading the fields of a JSON document one by one, remembering what is wrong with each, so that all flaws are reported at once.
 * A flawed field reads as a harmless value: whoever reads must look at `findings` before using what was read.
 */
import { type InputFinding, show } from './errors.ts'

export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What `parseJson` returned, as an error message shows it. */
export const showJson = (json: unknown): string => (json === undefined ? 'malformed JSON' : show(json))

export const fieldsOf = (json: Json, file: string) => {
  const findings: InputFinding[] = []
  const flaw = (field: string, expected: string, found: unknown, advice: string): void => {
    findings.push({ file, field, expected, found: show(found), advice })
  }
  const read = new Set<string>()
  /** The value of a field; `null` counts as absent, as it does for Hugging Face. */
  const get = (field: string): unknown => {
    read.add(field)
    return json[field] ?? undefined
  }
  const number = (field: string, expected: string, valid: (n: number) => boolean, otherwise?: number): number => {
    const value = get(field) ?? otherwise
    if (typeof value === 'number' && valid(value)) return value
    flaw(field, expected, json[field], 'Correct the field: it decides the shapes and numbers of the whole model.')
    return 1
  }
  return {
    findings,
    flaw,
    get,
    /** The fields that were asked for. */
    read: read as ReadonlySet<string>,
    /** Whether the field is there, be it null. */
    has: (field: string): boolean => Object.hasOwn(json, field),
    count: (field: string, otherwise?: number) => number(field, 'a positive integer', (n) => Number.isInteger(n) && n > 0, otherwise),
    positive: (field: string, otherwise?: number) => number(field, 'a positive number', (n) => Number.isFinite(n) && n > 0, otherwise),
    flag: (field: string, otherwise: boolean): boolean => {
      const value = get(field) ?? otherwise
      if (typeof value !== 'boolean') flaw(field, 'true or false', value, 'Correct the field.')
      return value === true
    },
    /** A token id, a list of them, or nothing. */
    tokens: (field: string): readonly number[] => {
      const value = get(field) ?? []
      const ids: readonly unknown[] = Array.isArray(value) ? value : [value]
      const valid = ids.filter((id): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0)
      if (valid.length < ids.length)
        flaw(field, 'a token id (an integer ≥ 0), or a list of them', json[field], 'Correct or remove the field.')
      return valid
    },
    /** A field that may be absent or have its harmless value: anything else describes a model that would be computed wrongly. */
    only: (field: string, harmless: unknown): void => {
      if ((get(field) ?? harmless) === harmless) return
      flaw(field, show(harmless), json[field], 'Use a checkpoint without it: halograd does not implement this variant.')
    },
    /** One of the keys of `choices`, as its value. */
    choice: <T>(field: string, choices: Readonly<Record<string, T>>, otherwise: string): T | undefined => {
      const value = get(field) ?? otherwise
      if (typeof value === 'string' && Object.hasOwn(choices, value)) return choices[value]
      flaw(field, `one of ${Object.keys(choices).join(', ')}`, value, 'Use a checkpoint with a supported one.')
      return undefined
    },
  }
}

export type JsonFields = ReturnType<typeof fieldsOf>
