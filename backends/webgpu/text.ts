/** WGSL: literals, primitives and addresses as text. */
import type { Elementary } from '../../core/internal.ts'

/**
 * A number. WGSL refuses expressions of literals that overflow, and knows no infinity: those are made from bits that only the device sees
 * (see `functions.ts`).
 */
export const literal = (value: number): string => {
  const x = Math.fround(value)
  if (Number.isNaN(x)) return 'nan()'
  if (!Number.isFinite(x)) return x > 0 ? 'infinity()' : '(-infinity())'
  const digits = `${Math.abs(x)}f`
  return x < 0 || Object.is(x, -0) ? `(-${digits})` : digits
}

/** offset + Σ index·stride, without what adds nothing. */
export const address = (base: string, terms: readonly (readonly [index: string, stride: number])[]): string =>
  [base, ...terms.flatMap(([index, stride]) => (stride === 0 ? [] : [stride === 1 ? index : `${index} * ${stride}`]))].join(' + ')

export const neutralOf = { sum: '0f', max: '(-infinity())' } as const

export const merged = { sum: (x: string, y: string) => `(${x} + ${y})`, max: (x: string, y: string) => `max(${x}, ${y})` } as const

/** Primitives that answer yes or no. */
export const comparison: { readonly [W in Elementary]?: string } = { less: '<', equal: '==' }

/** A primitive whose arguments are numbers. `where` and comparisons are printed by their users. */
export const primitive = (name: Elementary, [x, y]: readonly string[]): string => {
  switch (name) {
    case 'add':
      return `${x} + ${y}`
    case 'sub':
      return `${x} - ${y}`
    case 'mul':
      return `${x} * ${y}`
    case 'div':
      return `${x} / ${y}`
    case 'max':
      return `max(${x}, ${y})`
    case 'sqrt':
      return `sqrt(${x})`
    case 'exp':
      return `exp(${x})`
    case 'log':
      return `logarithm(${x})`
    case 'sin':
      return `sine(${x})`
    case 'cos':
      return `cosine(${x})`
    default:
      return `${x} ${comparison[name] ?? '=='} ${y}`
  }
}
