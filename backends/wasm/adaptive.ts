/**
 * How many threads to run a program with, one or all: what took less time lately.
 *
 *     time of a way  ←  ms, or half-way to it when that is more
 *
 * Alone is faster where another process holds a core, or where a small program is handed to and fro between cores that are far apart
 * (a virtual machine may be moved from one such place to another at any time). So the other way is tried now and then, as rarely as
 * makes that cheap: 0.1 % of the time, or 1 % where alone was best or the others are late. Often it was a moment's disturbance that made alone
 * the faster way: so all are tried again soon (a tenth of the time is the price), and then after twice that time, and so on.
 * Where other processes hold all cores, threads wait at every barrier for one that does not run (they sleep there: see runtime.ts): a shared run
 * that takes longer than one thread is expected to take is reason enough to try that at once.
 */
export interface ThreadChoice {
  /** For a run that starts now (in milliseconds). */
  readonly threads: (now: number) => number
  /** What it took; and how often thread 0 found a barrier closed. */
  readonly took: (threads: number, ms: number, polls: number) => void
}

/** @param expected milliseconds that one thread will take, at most, if nothing disturbs it */
export const adaptive = (threads: number, expected: number = Number.POSITIVE_INFINITY): ThreadChoice => {
  let [alone, together, late] = [Number.POSITIVE_INFINITY, 0, 0]
  let trial: { readonly threads: number; readonly until: number } | undefined
  /** Milliseconds until all are tried again, after one was faster. */
  let soon = Number.POSITIVE_INFINITY
  const best = (): number => (alone < together ? 1 : threads)
  const patience = (): number => {
    const slow = late > 1 || together > expected
    const lost = alone < Number.POSITIVE_INFINITY ? Math.abs(alone - together) : slow ? 0 : together
    return Math.max(leastPatience, (best() === 1 || slow ? 100 : 1000) * lost)
  }
  return {
    threads: (now) => {
      trial ??= { threads, until: now } // what is run once only is shared
      if (threads > 1 && now > trial.until + Math.min(soon, patience())) {
        trial = { threads: threads + 1 - best(), until: now + waking }
        soon *= 2
      }
      return now < trial.until ? trial.threads : best()
    },
    took: (count, ms, polls) => {
      const before = best()
      late = count > 1 && polls * millisecondsPerPoll > ms / 2 ? late + 1 : 0
      if (count === 1) alone = settled(alone, ms)
      else together = settled(together, ms)
      if (best() !== before) soon = best() === 1 ? Math.max(firstDoubt * alone, price * (together - alone)) : Number.POSITIVE_INFINITY
    },
  }
}
const settled = (known: number, ms: number): number => (ms < known ? ms : (known + ms) / 2)
/** Milliseconds: between two trials at least; and how long one lasts at least, as threads that sleep must wake first. */
const [leastPatience, waking] = [100, 1]
const millisecondsPerPoll = 1e-6
/** Runs alone before all are tried again, at least; and how many times what that may cost. */
const [firstDoubt, price] = [4, 10]
