/**
 * Reading an array's indices off the number of a thread: address e = Σ index·stride is a number in a mixed radix,
 *
 *     e = (… (d₀ · n₁ + d₁) · n₂ + d₂ …)
 *
 * whose digits are the indices, if every stride is the product of the sizes below it.
 */
export interface Digit {
  /** The loop it is the index of (or `inner`, or `indirect`). */
  readonly axis: number
  readonly size: number
  readonly stride: number
}

/** The pseudo-axis of a data-dependent index. */
export const indirect = -2

/**
 * The digits of an array of `size` elements, the slowest first; undefined if the strides do not fill it exactly once.
 * With `looked`, a data-dependent index with that stride is one of the digits: its size is what the others leave.
 */
export const digits = (axes: readonly Digit[], offset: number, size: number, looked?: number): readonly Digit[] | undefined => {
  const moving = axes.filter((d) => d.stride !== 0 && d.size > 1)
  const above = Math.min(size, ...moving.filter((d) => Math.abs(d.stride) > (looked ?? 0)).map((d) => Math.abs(d.stride)))
  const found = looked === undefined ? [] : [{ axis: indirect, size: above / looked, stride: looked }]
  const sorted = [...moving, ...found].sort((a, b) => Math.abs(b.stride) - Math.abs(a.stride))
  let filled = 1
  for (const { stride, size: n } of sorted.toReversed()) {
    if (Math.abs(stride) !== filled) return undefined
    filled *= n
  }
  const start = moving.reduce((sum, d) => (d.stride < 0 ? sum - d.stride * (d.size - 1) : sum), 0)
  return filled === size && offset === start ? sorted : undefined
}

/**
 * Which thread computes which element: the dimensions of the output (x fastest; `lanes` elements a thread along x), and the
 * text of every index. Up to three digits need no arithmetic at all; more share z, where half a step is added before the
 * division, because a GPU's division may fall short of a whole quotient.
 */
export const threads = (
  free: readonly Digit[],
  flat: boolean,
  lanes: number,
): { readonly output: number[]; readonly index: Map<number, string> } => {
  const sizes = free.map((d, i) => (i === free.length - 1 ? d.size / lanes : d.size))
  const alone = flat ? 0 : Math.min(2, free.length)
  const shared = free.length - alone
  const dims = ['x', 'y', 'z'].slice(0, alone + (shared > 0 ? 1 : 0))
  const text = free.map((_, i): string => {
    if (i >= shared) return `this.thread.${dims[free.length - 1 - i]}`
    const thread = `this.thread.${dims[alone]}`
    const below = sizes.slice(i + 1, shared).reduce((a, b) => a * b, 1)
    const quotient = (by: number): string => (by === 1 ? thread : `((${thread} + 0.5) / ${by} | 0)`)
    return i === 0 ? quotient(below) : `(${quotient(below)} - ${quotient(below * sizes[i]!)} * ${sizes[i]})`
  })
  const output = [...sizes.slice(shared).reverse(), ...(shared > 0 ? [sizes.slice(0, shared).reduce((a, b) => a * b, 1)] : [])]
  const index = new Map(free.map((d, i) => [d.axis, d.stride < 0 ? `(${d.size - 1} - ${text[i]})` : text[i]!]))
  return { output: output.length === 0 ? [1] : output, index }
}
