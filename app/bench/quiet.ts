/**
 * Are the cores ours alone? Somebody else's virtual machine on the same silicon shows in no load average, only in how long work takes:
 *
 *     so many cores are quiet  ⇔  median time of a matrix product on them  ≤  1.05 × the fastest ever seen
 */
import { openBackend } from '../backends.ts'
import { square } from './programs.ts'
import { median, timesOf } from './statistics.ts'

const tolerance = 1.05
/** Of one look, in milliseconds. */
const look = 150

export interface Watch {
  /** Looks once, at so many cores. */
  readonly quiet: (threads: number) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** For these numbers of threads. `small` for a test. */
export const watchCores = async (counts: readonly number[], small = false): Promise<Watch> => {
  const watched = await Promise.all(
    counts.map(async (threads) => {
      const { backend } = await openBackend({ backend: 'wasm', threads }, () => {})
      return { threads, backend, run: await square(small ? 16 : 512).prepare(backend), usual: isUsual() }
    }),
  )
  return {
    quiet: async (threads) => {
      const { run, usual } = watched.find((one) => one.threads === threads)!
      return usual(await timesOf(run, 5, look))
    },
    close: async () => {
      for (const { backend } of watched) await backend.close?.()
    },
  }
}

/** Of the times of one look after another. */
export const isUsual = (): ((times: readonly number[]) => boolean) => {
  let fastest = Number.POSITIVE_INFINITY
  return (times) => {
    fastest = Math.min(fastest, ...times)
    return median(times) <= tolerance * fastest
  }
}

/**
 * Looks again every second, until some of these numbers of cores are quiet, of which it says the largest; or none, when it is `end` by the clock of
 * `performance`.
 */
export const quietUntil = async (counts: readonly number[], quiet: Watch['quiet'], end: number): Promise<number | undefined> => {
  for (; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 1000)))
    for (const threads of counts.toSorted((a, b) => b - a)) if (await quiet(threads)) return threads
  return undefined
}
