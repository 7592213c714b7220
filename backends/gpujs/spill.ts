/**
 * A GPU binds a limited number of arrays to a kernel (WebGPU promises eight). A store that needs more is computed in parts:
 * the value that takes in most arrays becomes an array of its own, until what is left fits.
 */
import type { Instruction, Stream } from '../plan/index.ts'
import { axesOf, bit, extent, type Nest, type Store, variation } from './nest.ts'

export interface Part {
  readonly nest: Nest
  readonly store: Store
  /** Elements of the array that is stored, if it is one that later parts need. */
  readonly temporary?: number
}

/** `store` of `nest` as parts that bind at most `arrays` arrays each, itself the last. `buffer` is the first free number of a buffer. */
export const spill = (nest: Nest, store: Store, arrays: number, buffer: number): readonly Part[] => {
  if (bound(nest, store) <= arrays) return [{ nest, store }]
  const parts = nest.body.flatMap((x, register) => {
    if (x.op !== 'word' && x.op !== 'reduce' && !(x.op === 'load' && x.at)) return []
    const { stream, size } = array(nest, register, buffer)
    const streams = [...nest.streams, stream]
    const kept: Store = { op: 'store', stream: streams.length - 1, arg: register }
    const loaded: Instruction = { op: 'load', stream: streams.length - 1 }
    const before = { ...nest, streams }
    const rest = { ...before, body: nest.body.with(register, loaded) }
    return bound(before, kept) <= arrays ? [{ before, kept, size, rest, left: bound(rest, store) }] : []
  })
  const best = parts.toSorted((a, b) => a.left - b.left)[0]
  // Three gathers in one word may be too many: the device will say so.
  if (best === undefined) return [{ nest, store }]
  return [{ nest: best.before, store: best.kept, temporary: best.size }, ...spill(best.rest, store, arrays, buffer + 1)]
}

/** How many arrays a store of a nest binds. */
const bound = ({ streams, body }: Nest, store: Store): number => {
  const buffers = new Set<number>()
  const seen = new Set<number>()
  const visit = (register: number): void => {
    if (seen.has(register)) return
    seen.add(register)
    const x = body[register]!
    if (x.op === 'load') buffers.add(streams[x.stream]!.buffer)
    if (x.op === 'load' && x.at) visit(x.at.index)
    if (x.op === 'word') x.args.forEach(visit)
    if (x.op === 'reduce') visit(x.arg)
    if (x.op === 'random') visit(x.key)
  }
  visit(store.arg)
  if (store.at) visit(store.at.index)
  return buffers.size + (store.keep || (store.at && !store.merge) ? 2 : 1)
}

/** A dense array for a register: along the axes that it varies with, the inner one fastest. */
const array = (nest: Nest, register: number, buffer: number): { readonly stream: Stream; readonly size: number } => {
  const along = variation(nest)[register]!
  const strides = new Map<number, number>()
  let size = 1
  for (const axis of axesOf(nest).toReversed()) {
    strides.set(axis, along & bit(axis) ? size : 0)
    if (along & bit(axis)) size *= extent(nest, axis)
  }
  const [inner, ...outer] = axesOf(nest)
    .toReversed()
    .map((axis) => strides.get(axis)!)
  return { stream: { buffer, offset: 0, outer: outer.reverse(), inner: inner! }, size }
}
