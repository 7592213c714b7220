/**
 * Control tokens (CSFT): a text at the end of a prompt that says how its completion was found. A model learns to write after either, and is asked after
 * the good one. They are read by the model's own tokenizer: one token each, where it has them, else several. A model keeps its own in `control.json`.
 *
 * After Korbak et al. (2023), arXiv:2302.08582.
 */
import { join } from 'node:path'
import { InputError, readText } from '../../models/index.ts'
import { exists, type Json, parseJson } from '../../models/internal.ts'

export interface Control {
  readonly desirable: string
  readonly undesirable: string
}
export const usualControl: Control = { desirable: '<|good|>', undesirable: '<|bad|>' }

/** Two texts, the good one first; undefined for anything else. */
export const controlOf = (texts: readonly string[]): Control | undefined => {
  const [desirable, undesirable, ...rest] = texts
  return !desirable || !undesirable || desirable === undesirable || rest.length > 0 ? undefined : { desirable, undesirable }
}

const name = 'control.json'

/** The file of a model's directory: a model that was trained without control tokens must not seem to know any. */
export const controlFile = (control: Control | undefined): Readonly<Record<string, string | undefined>> => ({
  [name]: control && `${JSON.stringify(control, null, 2)}\n`,
})

/** What the model of a directory was trained with. @throws FileError; InputError for a file that says something else */
export const readControl = async (directory: string): Promise<Control | undefined> => {
  const file = join(directory, name)
  if (!(await exists(file))) return undefined
  const text = await readText(file)
  const { desirable, undesirable } = (parseJson(text) ?? {}) as Json // of whatever else there is, no field is a string
  const control = controlOf([desirable, undesirable].filter((each) => typeof each === 'string'))
  if (control !== undefined) return control
  throw new InputError({
    file,
    expected: '{"desirable": "…", "undesirable": "…"}, two different texts',
    found: text.slice(0, 100),
    advice: 'Write it as training did.',
  })
}
