/**
 * Checkpoints of a run, from which it can be resumed to the same bits: `OUT/checkpoints/step-000040/`, each written whole or not at all.
 *
 *     state.safetensors   parameters, optimizer, history        progress.json   how far, and which run it is
 *     SHA256SUMS          what `sha256sum -c` checks
 */
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CheckpointError,
  InputError,
  type InputFinding,
  parseSafetensors,
  readBytes,
  readText,
  type Weights,
  writeDirectoryAtomically,
} from '../../models/index.ts'
import { parseJson, removeStaged, throwAll } from '../../models/internal.ts'
import { jsonNote } from '../inputs/checkpoint.ts'
import type { Identity } from './identity.ts'

/** How far a run is. */
export interface RunProgress {
  readonly step: number
  readonly steps: number
  /** The run needs no more steps: it has made them all, or stopped early. */
  readonly finished: boolean
  /** That it has trained so far. */
  readonly seconds: number
  readonly identity: Identity
}

export interface Kept {
  readonly directory: string
  readonly progress: RunProgress
  readonly state: Weights
}

const folderOf = (out: string): string => join(out, 'checkpoints')
const directoryOf = (out: string, step: number): string => join(folderOf(out), `step-${`${step}`.padStart(6, '0')}`)
const files = { state: 'state.safetensors', progress: 'progress.json', sums: 'SHA256SUMS' } as const

/** Steps of which there is a checkpoint, in order. Whether it is sound is not known. */
const stepsIn = async (out: string): Promise<readonly number[]> => {
  const names = await readdir(folderOf(out)).catch((): string[] => [])
  return names
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** @throws FileError; then no other checkpoint has changed */
export const keep = async (out: string, progress: RunProgress, state: AsyncIterable<Uint8Array>): Promise<void> => {
  const note = new TextEncoder().encode(jsonNote(progress))
  const digest = createHash('sha256')
  /** The state as it is written, piece by piece; afterwards its sum is known. */
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const piece of state) {
      digest.update(piece)
      yield piece
    }
  }
  function* sums(): Generator<Uint8Array> {
    yield new TextEncoder().encode(`${digest.digest('hex')}  ${files.state}\n${sha256(note)}  ${files.progress}\n`)
  }
  await writeDirectoryAtomically(directoryOf(out, progress.step), { [files.state]: hashed(), [files.progress]: note, [files.sums]: sums() })
}

/** Removes all but the last `count` checkpoints and that of the step `spared`. */
export const rotate = async (out: string, count: number, spared?: number): Promise<void> => {
  const old = (await stepsIn(out)).slice(0, -count)
  for (const step of old) if (step !== spared) await rm(directoryOf(out, step), { recursive: true, force: true })
}

/** The checkpoint of a step. @throws FileError; CheckpointError naming each file that is not what it was */
export const readCheckpoint = async (out: string, step: number): Promise<Kept> => {
  const directory = directoryOf(out, step)
  const [state, progress] = [await readBytes(join(directory, files.state)), await readBytes(join(directory, files.progress))]
  const sums = await readText(join(directory, files.sums))
  const damaged = Object.entries({ [files.state]: state, [files.progress]: progress }).flatMap(([name, bytes]): readonly InputFinding[] =>
    sums.includes(`${sha256(bytes)}  ${name}\n`) ? [] : [{ file: join(directory, name), ...notTheSame }],
  )
  throwAll(CheckpointError, damaged)
  const tensors = parseSafetensors(state, join(directory, files.state))
  return {
    directory,
    progress: parseJson(new TextDecoder().decode(progress)) as RunProgress, // its checksum says that `keep` wrote it
    state: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  }
}
const notTheSame = {
  expected: `the bytes whose checksum is in ${files.sums}`,
  found: 'others: the file is damaged',
  advice: 'Check the disk; put the checkpoint back from a copy, or delete it.',
} as const

/**
 * The last sound checkpoint, if there is any at all. Damaged ones after it are reported and removed.
 * @throws CheckpointError when there are checkpoints, but none is sound
 */
export const latest = async (out: string, say: (line: string) => void): Promise<Kept | undefined> => {
  await removeStaged(folderOf(out))
  const damaged: { readonly step: number; readonly error: InputError }[] = []
  for (const step of (await stepsIn(out)).toReversed()) {
    const found = await sound(out, step)
    if (found instanceof InputError) {
      damaged.push({ step, error: found })
      continue
    }
    for (const { step: bad, error } of damaged) {
      say(`warning: ${error.message}\nThe checkpoint of step ${bad} is removed: the run goes on from step ${step}.`)
      await rm(directoryOf(out, bad), { recursive: true, force: true })
    }
    return found
  }
  throwAll(
    CheckpointError,
    damaged.flatMap(({ error }) => error.findings),
  )
  return undefined
}

const sound = (out: string, step: number): Promise<Kept | InputError> =>
  readCheckpoint(out, step).catch((error: unknown) => {
    if (error instanceof InputError) return error
    throw error
  })

/** The last checkpoint's progress where it says that the run is not finished. */
export const unfinished = async (out: string): Promise<RunProgress | undefined> => {
  const last = (await stepsIn(out)).at(-1)
  const found = last === undefined ? undefined : await sound(out, last)
  return found === undefined || found instanceof InputError || found.progress.finished ? undefined : found.progress
}

export const removeAll = (out: string): Promise<void> => rm(folderOf(out), { recursive: true, force: true })

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
