/** A seed that is another one each day; `HALOGRAD_FUZZ_SEED` repeats that of another. */
export const seedOfToday = (): number => Number(process.env.HALOGRAD_FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000))
