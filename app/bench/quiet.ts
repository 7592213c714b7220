/**
 * Are the cores ours alone? Somebody else's virtual machine on the same silicon shows in no load average, only in how long work takes:
 *
 *     quiet  ⇔  a look  ≤  1.05 × the shortest look ever        a look: the median time of a matrix product on so many cores
 *
 * So that is looked at between samples, and printed with what they say.
 */
import { openBackend } from '../inputs/backends.ts'
import { square } from './programs.ts'
import type { BenchRow } from './row.ts'
import { median, round, timesOf } from './statistics.ts'

/** How long one takes, in milliseconds. */
const budget = 150

/** So many cores. */
export interface Watch {
  /** Milliseconds. */
  readonly look: () => Promise<number>
  readonly close: () => Promise<void>
}

/** `small` for a test. */
export const watchCores = async (threads: number, small = false): Promise<Watch> => {
  const { backend } = await openBackend({ backend: 'wasm', threads, exact: true }, () => {})
  const run = await square(small ? 16 : 512).prepare(backend)
  return {
    look: async () => round(median(await timesOf(run, 5, small ? 1 : budget))),
    close: async () => backend.close?.(),
  }
}

/** Rows, each with the longer of the looks before and after it, unless it has looks of its own. */
export async function* between(rows: AsyncIterable<BenchRow>, look: Watch['look']): AsyncGenerator<BenchRow> {
  let before = await look()
  for await (const row of rows) {
    const after = await look()
    yield { look: Math.max(before, after), ...row }
    before = after
  }
}

export const isQuiet = (look: number, shortest: number): boolean => look <= 1.05 * shortest
