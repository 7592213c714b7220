/**
 * How many threads to run a program with, one or all: what took less time lately.
 *
 *     time of a way  ←  ms, or half-way to it when that is more
 *
 * Alone is faster where another process holds a core, or where a small program is handed to and fro between cores that are far apart
 * (a virtual machine may be moved from one such place to another at any time). So the other way is tried now and then, as rarely as
 * makes that cheap: 0.1 % of the time, or 1 % where alone was best or the others are late.
 */
export interface Choice {
  /** For a run that starts now (in milliseconds). */
  readonly threads: (now: number) => number
  /** What it took; and how often thread 0 found a barrier closed. */
  readonly took: (threads: number, now: number, ms: number, polls: number) => void
}

export const adaptive = (threads: number): Choice => {
  let [alone, together, tried, late] = [Number.POSITIVE_INFINITY, 0, 0, 0]
  const best = (): number => (alone < together ? 1 : threads)
  const trying = (now: number): boolean => {
    const lost = alone < Number.POSITIVE_INFINITY ? Math.abs(alone - together) : late > 1 ? 0 : together
    return now > tried + Math.max(leastPatience, (best() === 1 || late > 1 ? 100 : 1000) * lost)
  }
  return {
    threads: (now) => (threads > 1 && trying(now) ? threads + 1 - best() : best()),
    took: (count, now, ms, polls) => {
      if (count !== best()) tried = now
      late = count > 1 && polls * millisecondsPerPoll > ms / 2 ? late + 1 : 0
      if (count === 1) alone = settled(alone, ms)
      else together = settled(together, ms)
    },
  }
}
const settled = (known: number, ms: number): number => (ms < known ? ms : (known + ms) / 2)
const leastPatience = 100
const millisecondsPerPoll = 1e-6
