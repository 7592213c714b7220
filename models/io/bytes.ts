/** Bytes that are read piece by piece, when they are asked for: of a file that is larger than what should be in memory at once. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { FileError } from './errors.ts'
import { fileError } from './files.ts'
import type { Bytes } from './source.ts'

/**
 * The bytes that a file has now, even if another file takes its name meanwhile. It is closed when nobody can ask for them any more.
 * @throws FileError, here and from `slice`
 */
export const openBytes = (path: string): Bytes => {
  const { descriptor, length } = guarded(path, () => {
    const descriptor = openSync(path, 'r')
    return { descriptor, length: fstatSync(descriptor).size }
  })
  const slice = (from: number, to: number): Uint8Array => {
    const bytes = new Uint8Array(to - from)
    for (let have = 0; have < bytes.length; ) {
      const wanted = Math.min(bytes.length - have, largestRead)
      const more = guarded(path, () => readSync(descriptor, bytes, have, wanted, from + have))
      if (more === 0) throw new FileError(shorter(path, length, from + have))
      have += more
    }
    return bytes
  }
  const bytes = { length, slice }
  closing.register(bytes, descriptor)
  return bytes
}

/** By one system call: some systems refuse 2 GiB and more. */
const largestRead = 2 ** 30
const closing = new FinalizationRegistry<number>(closeSync)

const guarded = <T>(path: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    throw fileError(path, 'a file that can be read', error)
  }
}

const shorter = (path: string, before: number, now: number) => ({
  file: path,
  expected: `${before} bytes, as when it was opened`,
  found: `${now} bytes`,
  advice: 'Start again, and leave the file alone meanwhile.',
})
