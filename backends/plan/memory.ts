/**
 * Memory by liveness: first fit over live ranges, the biggest array first. Inputs and outputs have memory of their own.
 *
 *     peak ≥ max over kernels of Σ sizes of the arrays alive there,   and usually equals it
 */
import type { Storage } from '../../core/internal.ts'
import { touched } from './layout.ts'
import type { Buffer } from './program.ts'
import type { PricedKernel } from './rematerialize.ts'
import type { Value } from './value.ts'

export interface Memory {
  readonly buffers: readonly Buffer[]
  readonly bufferOf: (owner: Value) => number
  readonly scratch: number
}

/** Arrays start at multiples of this many elements: a cache line. */
const alignment = 16
interface Placed {
  readonly from: number
  readonly to: number
  readonly start: number
  readonly end: number
}

export const memory = (
  kernels: readonly PricedKernel[],
  results: ReadonlyMap<number, Value>,
  owner: (x: Value) => Value,
  storage: readonly (Storage | undefined)[] = [],
): Memory => {
  const ranges = new Map<Value, { readonly from: number; to: number }>()
  kernels.forEach((k, i) => {
    for (const x of touched(k).map(owner)) {
      const known = ranges.get(x)
      if (known === undefined) ranges.set(x, { from: i, to: i })
      else known.to = i
    }
  })
  const buffers: Buffer[] = []
  const numbers = new Map<Value, number>()
  const add = (x: Value, place: Buffer['place']): void => void numbers.set(x, buffers.push({ size: x.size, place }) - 1)
  for (const [index, x] of results) add(x, { in: 'output', index })
  const scratch: Value[] = []
  for (const x of ranges.keys())
    if (x.op.tag === 'input') {
      const kept = storage[x.op.index]
      numbers.set(x, buffers.push({ size: x.size, ...(kept && { storage: kept }), place: { in: 'input', index: x.op.index } }) - 1)
    } else if (!numbers.has(x)) scratch.push(x)
  const placed: Placed[] = []
  for (const x of scratch.sort((a, b) => b.size - a.size)) {
    const { from, to } = ranges.get(x)!
    const size = Math.ceil(x.size / alignment) * alignment
    let start = 0
    for (const p of placed) {
      if (p.from > to || from > p.to) continue
      if (start + size <= p.start) break
      start = Math.max(start, p.end)
    }
    const after = placed.findIndex((p) => p.start > start)
    placed.splice(after < 0 ? placed.length : after, 0, { from, to, start, end: start + size })
    add(x, { in: 'scratch', offset: start })
  }
  return { buffers, bufferOf: (x) => numbers.get(x)!, scratch: placed.reduce((top, p) => Math.max(top, p.end), 0) }
}
