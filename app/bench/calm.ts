/** Measuring on a machine that others use: what they disturbed is measured again. */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { onCore, script } from './processes.ts'

/** As fast as it can be, but for so much. */
const tolerance = 0.05

/**
 * Runs measurements, one after the other, in up to `tries` rounds. The later ones repeat those before or after which the processor was slower
 * than it has been in the meantime, each once it is quiet, for which they wait so many seconds at most; what was disturbed least counts.
 * `speed` is of the processor, now.
 */
export const calmest = async <T>(
  tries: number,
  speed: () => Promise<number>,
  measures: readonly (() => Promise<T>)[],
  seconds = 20,
): Promise<readonly T[]> => {
  let fastest = 0
  const now = async (): Promise<number> => {
    const found = await speed()
    fastest = Math.max(fastest, found)
    return found
  }
  const disturbed = (found: number): boolean => found < (1 - tolerance) * fastest
  const once = async (measure: () => Promise<T>): Promise<Kept<T>> => {
    const before = await now()
    return { result: await measure(), slowest: Math.min(before, await now()) }
  }
  const quiet = async (): Promise<void> => {
    for (let waited = 0; waited < seconds && disturbed(await now()); waited++) await pause(1000)
  }
  const kept: Kept<T>[] = []
  for (const measure of measures) kept.push(await once(measure))
  for (let round = 1; round < tries; round++)
    for (const [i, measure] of measures.entries()) {
      if (!disturbed(kept[i]!.slowest)) continue
      await quiet()
      const next = await once(measure)
      if (next.slowest > kept[i]!.slowest) kept[i] = next
    }
  return kept.map(({ result }) => result)
}
interface Kept<T> {
  readonly result: T
  readonly slowest: number
}

/** Multiplications and additions a second of the slowest core now: all are asked at once, each by a process of its own. */
export const slowestCore = async (): Promise<number> => {
  const ask = async (core: number): Promise<number> => {
    const { program, args } = onCore(core, script('./peak.ts', []))
    return Number((await promisify(execFile)(program, args)).stdout)
  }
  return Math.min(...(await Promise.all(Array.from({ length: availableParallelism() }, (_, core) => ask(core)))))
}
