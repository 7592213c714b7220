/**
 * Are the cores ours alone? Somebody else's virtual machine on the same silicon shows in no load average, only in how long work takes:
 *
 *     quiet  ⇔  median time of a matrix product on all cores  ≤  1.05 × the fastest ever seen
 */
import { availableParallelism } from 'node:os'
import { openBackend } from '../backends.ts'
import { square } from './programs.ts'
import { median, timesOf } from './statistics.ts'

const tolerance = 1.05
/** Of one look, in milliseconds. */
const look = 150

export interface Watch {
  /** Looks once. */
  readonly quiet: () => Promise<boolean>
  readonly close: () => Promise<void>
}

/** `small` for a test. */
export const watchCores = async (small = false): Promise<Watch> => {
  const { backend } = await openBackend({ backend: 'wasm', threads: availableParallelism() }, () => {})
  const run = await square(small ? 16 : 512).prepare(backend)
  const usual = isUsual()
  return { quiet: async () => usual(await timesOf(run, 5, look)), close: async () => backend.close?.() }
}

/** Of the times of one look after another. */
export const isUsual = (): ((times: readonly number[]) => boolean) => {
  let fastest = Number.POSITIVE_INFINITY
  return (times) => {
    fastest = Math.min(fastest, ...times)
    return median(times) <= tolerance * fastest
  }
}

/** Looks again every second, until the cores are quiet; or until it is `end` by the clock of `performance`, which it says. */
export const quietUntil = async (quiet: () => Promise<boolean>, end: number): Promise<boolean> => {
  for (; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 1000))) if (await quiet()) return true
  return false
}
