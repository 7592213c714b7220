/** Measuring on a machine that others use: what they disturbed is measured again. */
import { setTimeout as pause } from 'node:timers/promises'

/** As fast as it can be, but for so much. */
const tolerance = 0.05

/**
 * Runs a measurement up to `tries` times, until the processor is as fast before and after it as it has ever been; what was disturbed least
 * counts. Where there is another try, it waits for a quiet moment first, at most so many seconds. `speed` is of the processor, now.
 */
export const calmest = (tries: number, speed: () => number, seconds = 20) => {
  let fastest = 0
  const now = (): number => {
    const found = speed()
    fastest = Math.max(fastest, found)
    return found
  }
  const calm = (found: number): boolean => found >= (1 - tolerance) * fastest
  return async <T>(measure: () => Promise<T>): Promise<T> => {
    const once = async (): Promise<{ readonly result: T; readonly slowest: number }> => {
      let before = now()
      for (let waited = 0; tries > 1 && !calm(before) && waited < seconds; waited++) {
        await pause(1000)
        before = now()
      }
      return { result: await measure(), slowest: Math.min(before, now()) }
    }
    let kept = await once()
    for (let i = 1; i < tries && !calm(kept.slowest); i++) {
      const next = await once()
      if (next.slowest > kept.slowest) kept = next
    }
    return kept.result
  }
}
