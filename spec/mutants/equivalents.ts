/**
 * Mutants that compute the same as the original, or differ in speed alone: by their keys, under the reason. A key that no source has any more
 * fails spec/mutants/mutants.test.ts: look whether the code that took its place has an equivalent, too.
 */
const reasons: Readonly<Record<string, readonly string[]>> = {}

export const equivalents: ReadonlyMap<string, string> = new Map(
  Object.entries(reasons).flatMap(([reason, keys]) => keys.map((key) => [key, reason] as const)),
)
