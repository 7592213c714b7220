/** JSON whose numbers may be infinite or none: they are written as strings, "Infinity", "-Infinity", "NaN", as other programs read them. */

export const toJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value, (_, x: unknown) => (typeof x === 'number' && !Number.isFinite(x) ? String(x) : x), indent)

/** A number, a truth value, or a string that stands for a number which JSON has not; else undefined. */
export const scalarOf = (x: unknown): number | boolean | undefined => {
  if (typeof x === 'number' || typeof x === 'boolean') return x
  return x === 'Infinity' || x === '-Infinity' || x === 'NaN' ? Number(x) : undefined
}
