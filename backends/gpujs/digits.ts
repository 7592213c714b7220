/**
 * Reading an array's indices off the number of a thread: address e = Σ index·stride is a number in a mixed radix,
 *
 *     e = (… (d₀ · n₁ + d₁) · n₂ + d₂ …)
 *
 * whose digits are the indices, if every stride is a multiple of the next. A store may fill only a part of every digit's
 * range: a block of a larger array.
 */
import { times } from './text.ts'

/** An axis of a store: the loop it is the index of (or `inner`), or `indirect`. */
export interface Moving {
  readonly axis: number
  readonly size: number
  readonly stride: number
}
/** A digit of the address: it counts to `size`, and the store reaches [from, from + count). */
export interface Digit extends Moving {
  readonly from: number
  readonly count: number
}

/** The pseudo-axis of a data-dependent index, and that of digits which no axis moves. */
export const indirect = -2
const still = -3

/**
 * The digits of an array of `size` elements, the slowest first; undefined if the address is not such a number.
 * With `looked`, a data-dependent index with that stride is one of the digits, of all its range.
 */
export const digits = (axes: readonly Moving[], offset: number, size: number, looked?: number): readonly Digit[] | undefined => {
  const moving = axes.filter((d) => d.stride !== 0 && d.size > 1)
  const found = looked === undefined ? [] : [{ axis: indirect, size: 0, stride: looked }]
  const sorted = [...moving, ...found].sort((a, b) => Math.abs(b.stride) - Math.abs(a.stride))
  const last = sorted.at(-1)
  const all = last === undefined || Math.abs(last.stride) > 1 ? [...sorted, { axis: still, size: 1, stride: 1 }] : sorted
  const made: Digit[] = []
  let above = size
  // Where the block begins.
  let rest = moving.reduce((start, d) => (d.stride < 0 ? start + d.stride * (d.size - 1) : start), offset)
  for (const d of all) {
    const step = Math.abs(d.stride)
    const radix = above / step
    const from = Math.floor(rest / step)
    const count = d.axis === indirect ? radix - from : d.size
    if (!Number.isInteger(radix) || from < 0 || from + count > radix) return undefined
    made.push({ ...d, size: radix, from, count })
    rest -= from * step
    above = step
  }
  return made.filter((d) => d.size > 1)
}

export interface Threads {
  /** Threads along x, y, z. */
  readonly output: readonly number[]
  /** The digits, as text. */
  readonly text: readonly string[]
}

/**
 * Which thread computes which element (`lanes` of them along x, the fastest digit). Up to three digits need no arithmetic
 * at all; more share z, where half a step is added before the division, because a GPU's division may fall short of a whole
 * quotient.
 */
export const threads = (all: readonly Digit[], flat: boolean, lanes: number): Threads => {
  const sizes = all.map((d, i) => (i === all.length - 1 ? d.size / lanes : d.size))
  const alone = flat ? 0 : Math.min(2, all.length)
  const shared = all.length - alone
  const dims = ['x', 'y', 'z'].slice(0, alone + (shared > 0 ? 1 : 0))
  const text = all.map((_, i): string => {
    if (i >= shared) return `this.thread.${dims[all.length - 1 - i]}`
    const thread = `this.thread.${dims[alone]}`
    const below = sizes.slice(i + 1, shared).reduce((a, b) => a * b, 1)
    const quotient = (by: number): string => (by === 1 ? thread : `((${thread} + 0.5) / ${by} | 0)`)
    return i === 0 ? quotient(below) : `(${quotient(below)} - ${quotient(below * sizes[i]!)} * ${sizes[i]})`
  })
  const output = [...sizes.slice(shared).reverse(), ...(shared > 0 ? [sizes.slice(0, shared).reduce((a, b) => a * b, 1)] : [])]
  return { output: output.length === 0 ? [1] : output, text }
}

/** The index of a digit's axis, given the digit. */
export const indexOf = ({ stride, from, count }: Digit, digit: string): string => {
  if (stride < 0) return `(${from + count - 1} - ${digit})`
  return from === 0 ? digit : `(${digit} - ${from})`
}
export const element = (all: readonly Digit[], digit: (i: number) => string): string =>
  all.length === 0 ? '0' : all.map((d, i) => times(digit(i), Math.abs(d.stride))).join(' + ')
