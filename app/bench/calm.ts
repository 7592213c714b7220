/** Measuring on a machine that others use: what they disturbed is measured again. */
import { setTimeout as pause } from 'node:timers/promises'

/** As fast as it can be, but for so much. */
const tolerance = 0.05

/**
 * Runs measurements, one after the other, in up to `tries` rounds. The later ones repeat those before or after which the processor was slower
 * than it has been in the meantime, each once it is quiet, for which they wait so many seconds at most; what was disturbed least counts.
 * (With one round, results come as they are measured, else all at the end.) `speed` is of the processor, now.
 */
export async function* calmest<T>(
  tries: number,
  speed: () => Promise<number>,
  measures: readonly (() => Promise<T>)[],
  seconds = 20,
): AsyncGenerator<T> {
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
  for (const measure of measures) {
    const first = await once(measure)
    kept.push(first)
    if (tries === 1) yield first.result
  }
  for (let round = 1; round < tries; round++)
    for (const [i, measure] of measures.entries()) {
      if (!disturbed(kept[i]!.slowest)) continue
      await quiet()
      const next = await once(measure)
      if (next.slowest > kept[i]!.slowest) kept[i] = next
    }
  if (tries > 1) for (const { result } of kept) yield result
}
interface Kept<T> {
  readonly result: T
  readonly slowest: number
}
