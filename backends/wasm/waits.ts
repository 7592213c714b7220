/**
 * Where threads wait for each other.
 *
 *     wait before a step  ⇔  since the last wait, another thread has written what it touches, or read what it writes
 */
import { meet, type Region } from '../plan/regions.ts'

/** A step of a program: thread 0 does it alone, or all share it. */
export interface WaitedWork {
  readonly alone: boolean
  readonly reads: readonly Region[]
  readonly writes: readonly Region[]
}

/** Of each step, whether all wait before it. */
export const waits = (steps: readonly WaitedWork[]): readonly boolean[] => {
  /** What was touched since the last wait, by array. */
  const touched = new Map<number, { readonly region: Region; readonly alone: boolean; readonly written: boolean }[]>()
  return steps.map(({ alone, reads, writes }) => {
    const clashes = (region: Region, writing: boolean): boolean =>
      touched.get(region.array)?.some((t) => (writing || t.written) && !(alone && t.alone) && meet(region, t.region)) ?? false
    const wait = reads.some((region) => clashes(region, false)) || writes.some((region) => clashes(region, true))
    if (wait) touched.clear()
    const touch = (region: Region, written: boolean): void => {
      const known = touched.get(region.array)
      if (known === undefined) touched.set(region.array, [{ region, alone, written }])
      else known.push({ region, alone, written })
    }
    for (const region of reads) touch(region, false)
    for (const region of writes) touch(region, true)
    return wait
  })
}
