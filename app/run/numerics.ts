/**
 * What the numbers of a run depend on beside its options: how this halograd computes, where, and on which examples. The files of model and data do not
 * tell the examples: a chat template may write today's date into every prompt.
 *
 *     numerics    raised with every change of halograd after which a run gives other numbers
 *     arithmetic  `exact` where every machine gives the same bits; otherwise the backend, how it runs, and on what
 */
import { createHash } from 'node:crypto'
import { cpus } from 'node:os'
import type { TrainingExample } from '../../models/index.ts'
import type { OpenedBackend } from '../inputs/backends.ts'
import { textsIn } from '../inputs/examples.ts'
import { version } from '../inputs/version.ts'
import type { RunData } from './data.ts'

/** What changed the numbers of runs, oldest first. A change of the numbers adds a line. */
const changes: readonly string[] = ['numerics were numbered', 'batches are of more similar lengths']

export interface Numerics {
  /** Of halograd. */
  readonly version: string
  readonly numerics: string
  readonly arithmetic: string
}

export const numericsOf = (opened: OpenedBackend): Numerics => ({
  ...{ version: version(), numerics: String(changes.length), arithmetic: arithmeticOf(opened) },
})

/** What has changed between two numberings, as a sentence. */
export const changesSince = (before: string): string => changes.slice(Number(before)).join('; ') || 'this halograd is older'

/** Threads change no bit. Interpreters compute with the engine's own functions; fused products, a BLAS and GPUs as the machine does. */
const arithmeticOf = ({ backend: { name }, mode }: OpenedBackend): string => {
  const how = mode.replace(/^\d+ threads?(, )?/, '')
  if (name === 'wasm' && how === '') return 'exact'
  return name === 'reference' ? `reference, V8 ${process.versions.v8}` : `${name}, ${how}, on ${cpus()[0]?.model ?? process.arch}`
}

/** A digest of all tokens that are trained on and measured on, with their labels and weights, in their order. */
export const examplesDigest = ({ training, heldOut }: RunData): string => {
  const hash = createHash('sha256')
  const add = (example: TrainingExample): void => {
    const { label, weight } = { label: undefined, weight: undefined, ...example }
    hash.update(JSON.stringify([label, weight, textsIn(example).map(({ prompt, completion }) => [prompt, completion])]))
  }
  for (const examples of [training, heldOut]) {
    hash.update(`${examples.length};`)
    for (const example of examples) add(example)
  }
  return hash.digest('hex').slice(0, 16)
}
