/**
 * Sizes that depend on the number of examples n. A loss is traced at two sizes; what differs between the traces is taken to be linear in n,
 * or one over it.
 *
 *     extent(n) = a n + b     or     c / n
 */
export interface LinearExtent {
  readonly tag: 'linear'
  readonly a: number
  readonly b: number
}
export type Extent = LinearExtent | { readonly tag: 'reciprocal'; readonly over: number }

export const linearExtent = (a: number, b: number): LinearExtent => ({ tag: 'linear', a, b })
export const nothing = linearExtent(0, 0)

/** The two numbers of examples at which losses are traced: powers of two, so that 1/n is exact. */
export const sizes = [4096, 8192] as const

/** The extent that is `first` at sizes[0] and `second` at sizes[1]; `undefined` if it is neither linear nor reciprocal. */
export const extentOf = (first: number, second: number): Extent | undefined => {
  const [n, m] = sizes
  if (Object.is(first, second)) return linearExtent(0, first)
  if (first * n === second * m) return { tag: 'reciprocal', over: first * n }
  const a = (second - first) / (m - n)
  const b = first - a * n
  return Number.isInteger(a) && Number.isInteger(b) ? linearExtent(a, b) : undefined
}
export const linear = (extent: Extent | undefined): LinearExtent | undefined => (extent?.tag === 'linear' ? extent : undefined)

/** The number, if it does not depend on n. */
export const constantExtent = (extent: Extent): number | undefined => (extent.tag === 'linear' && extent.a === 0 ? extent.b : undefined)
export const minus = (x: LinearExtent, y: LinearExtent): LinearExtent => linearExtent(x.a - y.a, x.b - y.b)
/** Whether it is at least 0 at both sizes. */
export const isNatural = (x: LinearExtent): boolean => sizes.every((n) => x.a * n + x.b >= 0)

/** Python. */
export const extentText = (extent: Extent): string => {
  if (extent.tag === 'reciprocal') return `${extent.over} / n`
  const { a, b } = extent
  const multiple = a === 0 ? '' : a === 1 ? 'n' : a === -1 ? '-n' : `${a} * n`
  return multiple === '' ? `${b}` : b === 0 ? multiple : `${multiple} ${b < 0 ? '-' : '+'} ${Math.abs(b)}`
}
