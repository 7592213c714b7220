/**
 * Fuzzing of a reader: valid files as they are, which must be read and come back the same, and damaged ones, which must be read or refused in words.
 *
 *     valid value → file → [damage]* → reader   ⇒   the value, or an error of a known kind within the time; never anything else
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { InputError } from '../../models/index.ts'
import type { Mutation } from './mutations.ts'

export interface Reader {
  readonly name: string
  readonly damage: fc.Arbitrary<Mutation>
  /** Files that it reads, and what it makes of them. */
  readonly valid: fc.Arbitrary<{ readonly file: Uint8Array; readonly value: unknown }>
  /** @throws InputError */
  readonly read: (file: Uint8Array) => unknown
  readonly close?: () => Promise<void>
  /** Whether what fails is put into the corpus. Default: true. */
  readonly keep?: false
}

export interface Report {
  readonly reader: string
  readonly inputs: number
  /** Read, and those of them that were valid, and came back as they were. */
  readonly accepted: number
  readonly roundTrips: number
  readonly refused: number
  /** Milliseconds. */
  readonly slowest: number
  /** What is neither read nor refused in words, with the file that shows it. */
  readonly failure?: string
}

/** Milliseconds after which a reader counts as one that hangs. */
const patience = 10_000
const corpus = join(dirname(fileURLToPath(import.meta.url)), 'corpus')

/** What was found before, for a reader: it is tried first, always. */
export const found = (reader: string): readonly (readonly [name: string, file: Uint8Array])[] => {
  const folder = join(corpus, reader)
  return existsSync(folder) ? readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))] as const) : []
}

const keep = (reader: string, file: Uint8Array): string => {
  const path = join(corpus, reader, createHash('sha256').update(file).digest('hex').slice(0, 16))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file)
  return path
}

type Outcome = { readonly read: unknown } | { readonly refused: InputError } | { readonly wrong: string }

export const outcomeOf = async (reader: Reader, file: Uint8Array): Promise<Outcome & { readonly ms: number }> => {
  const began = performance.now()
  const outcome = await Promise.resolve()
    .then(() => reader.read(file))
    .then(
      (read): Outcome => ({ read }),
      (error: unknown): Outcome =>
        error instanceof InputError
          ? { refused: error }
          : { wrong: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    )
  const ms = performance.now() - began
  return ms > patience ? { wrong: `took ${(ms / 1000).toFixed(1)} s`, ms } : { ...outcome, ms }
}

/** Tries `inputs` files, two of five of them valid. What fails is made small, and put into the corpus. */
export const fuzz = async (reader: Reader, inputs: number, seed: number): Promise<Report> => {
  let [tried, accepted, roundTrips, refused, slowest] = [0, 0, 0, 0, 0]
  let last: Uint8Array | undefined
  const attempt = async (file: Uint8Array, expected?: { readonly value: unknown }): Promise<void> => {
    const outcome = await outcomeOf(reader, file)
    tried++
    slowest = Math.max(slowest, outcome.ms)
    if ('refused' in outcome && expected === undefined) refused++
    else if (
      'read' in outcome &&
      (expected === undefined || isDeepStrictEqual(structuredClone(outcome.read), structuredClone(expected.value)))
    ) {
      accepted++
      if (expected !== undefined) roundTrips++
    } else {
      last = file
      throw new Error('read' in outcome ? 'read as another value' : 'refused' in outcome ? outcome.refused.message : outcome.wrong)
    }
  }
  const damages = fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.array(reader.damage, { minLength: 1, maxLength: 4 }) },
  )
  const property = fc.asyncProperty(reader.valid, damages, ({ file, value }, mutations) =>
    mutations.length === 0 ? attempt(file, { value }) : attempt(mutations.reduce((bytes, mutate) => mutate(bytes), file)),
  )
  try {
    for (const [, file] of found(reader.name)) await attempt(file)
    const { failed, errorInstance } = await fc.check(property, { numRuns: inputs, seed, endOnFailure: false })
    const counts = { reader: reader.name, inputs: tried, accepted, roundTrips, refused, slowest }
    if (!failed) return counts
    const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
    return { ...counts, failure: `${why}\n  shown by ${last === undefined || reader.keep === false ? 'no file' : keep(reader.name, last)}` }
  } finally {
    await reader.close?.()
  }
}
