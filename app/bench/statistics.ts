/** Robust figures of a few noisy timings. */

/** The value below which the fraction `q` of the samples lies, interpolated. */
export const quantile = (samples: readonly number[], q: number): number => {
  const sorted = samples.toSorted((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  if (below === undefined || above === undefined) throw new RangeError('quantile: there are no samples')
  return below + (above - below) * (place - Math.floor(place))
}
export const median = (samples: readonly number[]): number => quantile(samples, 0.5)

/** Median, fastest and relative interquartile range of times. */
export const summary = (times: readonly number[]) => ({
  median: round(median(times)),
  best: round(Math.min(...times)),
  spread: round((quantile(times, 0.75) - quantile(times, 0.25)) / median(times)),
  repeats: times.length,
})

/** Four significant digits: more would be noise. */
export const round = (x: number): number => Number(x.toPrecision(4))

/**
 * Times of `f` in milliseconds: after a warm-up, at least `repeats` samples and at least `budget` milliseconds in all.
 * A sample is as many calls as take a millisecond, so that the clock is never what is measured.
 */
export const timesOf = async (f: () => Promise<void>, repeats: number, budget = 300): Promise<readonly number[]> => {
  await f()
  const first = await clock(f, 1)
  const calls = Math.max(1, Math.ceil(1 / first))
  await clock(f, calls)
  const times: number[] = []
  for (const start = performance.now(); times.length < repeats || performance.now() - start < budget; ) times.push(await clock(f, calls))
  return times
}
const clock = async (f: () => Promise<void>, calls: number): Promise<number> => {
  const start = performance.now()
  for (let call = 0; call < calls; call++) await f()
  return (performance.now() - start) / calls
}
