/**
 * Sizes that depend on the number of examples n. A loss is traced at two sizes; what differs between the traces is taken to be linear in n,
 * or one over it.
 *
 *     extent(n) = a n + b     or     c / n
 */
export interface LinearExtent {
  readonly a: number
  readonly b: number
}
export type Extent = LinearExtent | { readonly over: number }

/** The two numbers of examples at which losses are traced: powers of two, so that 1/n is exact. */
export const sizes = [4096, 8192] as const

/** The extent that is `first` at sizes[0] and `second` at sizes[1]; `undefined` if it is neither linear nor reciprocal. */
export const extentOf = (first: number, second: number): Extent | undefined => {
  const [n, m] = sizes
  if (Object.is(first, second)) return { a: 0, b: first }
  if (first * n === second * m) return { over: first * n }
  const a = (second - first) / (m - n)
  const b = first - a * n
  return Number.isInteger(a) && Number.isInteger(b) ? { a, b } : undefined
}
export const linear = (extent: Extent | undefined): LinearExtent | undefined => (extent !== undefined && 'a' in extent ? extent : undefined)

/** The number, if it does not depend on n. */
export const constantExtent = (extent: Extent): number | undefined => ('a' in extent && extent.a === 0 ? extent.b : undefined)
export const minus = (x: LinearExtent, y: LinearExtent): LinearExtent => ({ a: x.a - y.a, b: x.b - y.b })
/** Whether it is at least 0 at both sizes. */
export const isNatural = (x: LinearExtent): boolean => sizes.every((n) => x.a * n + x.b >= 0)

/** Python. */
export const extentText = (extent: Extent): string => {
  if ('over' in extent) return `${extent.over} / n`
  const { a, b } = extent
  const multiple = a === 0 ? '' : a === 1 ? 'n' : a === -1 ? '-n' : `${a} * n`
  return multiple === '' ? `${b}` : b === 0 ? multiple : `${multiple} ${b < 0 ? '-' : '+'} ${Math.abs(b)}`
}
