/**
 * Launches of one structure that do not wait for each other become one dispatch: AdamW of many parameters, queries beside keys and values.
 *
 *     … A₁ B₁ A₂ B₂ …   →   … A₁A₂ B₁B₂ …        where A₂ touches nothing that B₁ writes, and writes nothing that it touches
 */
import { meet, type Region } from '../plan/regions.ts'
import type { GpuLaunch } from './launch.ts'

/** Launches of a batch: their parameters are bound at once. */
const most = 128
/** So many batches are looked at for one that a launch may join. */
const near = 96

const clash = (p: GpuLaunch, q: GpuLaunch): boolean => {
  const meets = (xs: readonly Region[], ys: readonly Region[]): boolean => xs.some((x) => ys.some((y) => meet(x, y)))
  return meets(p.writes, q.writes) || meets(p.writes, q.reads) || meets(p.reads, q.writes)
}

/** Launches that one dispatch runs, in order; all of a batch have the structure of its first. */
export const batches = (launches: readonly GpuLaunch[]): readonly (readonly GpuLaunch[])[] => {
  const made: GpuLaunch[][] = []
  for (const launch of launches) {
    let joined: GpuLaunch[] | undefined
    for (let i = made.length - 1; i >= Math.max(0, made.length - near); i--) {
      const batch = made[i]!
      if (batch.some((other) => clash(other, launch))) break
      if (batch[0]?.structure !== launch.structure || batch.length === most) continue
      joined = batch
      break
    }
    if (joined === undefined) made.push([launch])
    else joined.push(launch)
  }
  return made
}
