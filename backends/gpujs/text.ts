/** The primitives and numbers of a kernel as gpu.js reads them. */
import type { Instruction } from '../plan/index.ts'

type PrintedPrimitive = Extract<Instruction, { op: 'primitive' }>['primitive']

/** Something that gpu.js cannot express. */
export class UnsupportedKernel extends Error {
  override readonly name = 'UnsupportedKernel'
}

/** A number as text that reads back as the same float32. */
export const literal = (n: number): string => {
  if (Number.isNaN(n)) throw new UnsupportedKernel('gpujs: a constant is NaN, which gpu.js cannot print')
  const text = `${Math.fround(n)}`
  return n < 0 ? `(${text})` : text
}

export const neutral = { sum: '0', max: '(-Infinity)' } as const
export const merged = {
  sum: (x: string, y: string): string => `${x} + ${y}`,
  max: (x: string, y: string): string => `Math.max(${x}, ${y})`,
} as const

/** A primitive but `where`, whose condition is a matter of its own. `call` names the function of the others. */
export const primitive = (name: Exclude<PrintedPrimitive, 'where'>, [x, y]: readonly string[], call: (name: string) => string): string => {
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
      return `Math.max(${x}, ${y})`
    case 'less':
    case 'equal':
      return `(${comparison[name]([x!, y!])} ? 1 : 0)`
    default:
      return `${call(name)}(${x})`
  }
}
export const comparison = {
  less: ([x, y]: readonly string[]): string => `${x} < ${y}`,
  equal: ([x, y]: readonly string[]): string => `${x} === ${y}`,
} as const

// ------------------------------------------------------------------ addresses

export const times = (index: string, stride: number): string => (stride === 1 ? index : `${index} * ${stride < 0 ? `(${stride})` : stride}`)
export const sum = (terms: readonly string[]): string => (terms.length === 0 ? '0' : terms.join(' + '))
/** from ≤ index < to, as far as `size` does not say so already. */
export const within = (index: string, { from, to }: { readonly from: number; readonly to: number }, size: number): readonly string[] => [
  ...(from > 0 ? [`${index} >= ${from}`] : []),
  ...(to < size ? [`${index} < ${to}`] : []),
]
