/**
 * One store as several launches, where a GPU needs it: what few threads would sum for long is summed in two stages, and a
 * store that binds more arrays than a kernel may (WebGPU promises eight) is computed in parts.
 */
import type { Instruction, Stream } from '../plan/index.ts'
import { axesOf, bit, extent, inner, type Nest, type Store, stored, stride, variation } from './nest.ts'

export interface PrintedPart {
  readonly nest: Nest
  readonly store: Store
  /** Elements of the array that is stored, if it is one that later parts need. */
  readonly temporary?: number
}

/** `store` of `nest`, into an array of `size` elements, as parts of which the last is itself. `buffer` is the first free number of a buffer. */
export const parts = (nest: Nest, store: Store, size: number, arrays: number, buffer: number): readonly PrintedPart[] => {
  const [first, last] = stages(nest, store, size, buffer)
  if (last === undefined) return spill(nest, store, arrays, buffer)
  const before = spill(first!.nest, first!.store, arrays, buffer + 1)
  return [...before.slice(0, -1), { ...before.at(-1)!, temporary: first!.temporary! }, last]
}

/** Fewer threads than this leave a GPU idle. */
const busy = 1024

/** Σ over all turns, as Σ over one axis of Σ over the others, where that makes the longest thread four times shorter. */
const stages = (nest: Nest, store: Store, size: number, buffer: number): readonly PrintedPart[] => {
  const target = nest.streams[store.stream]!
  const bound = stored(nest, store).filter((axis) => stride(target, axis) === 0 && extent(nest, axis) > 1)
  const turns = bound.reduce((n, axis) => n * extent(nest, axis), 1)
  if (store.merge === undefined || store.at !== undefined || nest.boxes !== undefined || size >= busy) return []
  const length = (axis: number): number => turns / extent(nest, axis) + extent(nest, axis)
  const axis = bound.toSorted((a, b) => length(a) - length(b))[0]
  if (axis === undefined || 4 * length(axis) > turns || turns < busy) return []
  const sums: Stream = {
    ...target,
    buffer,
    outer: target.outer.map((s, l) => (l === axis ? size : s)),
    inner: axis === inner ? size : target.inner,
  }
  const { merge, arg } = store
  const name = `${nest.name}, summed`
  return [
    {
      nest: { ...nest, streams: [...nest.streams, sums] },
      store: { op: 'store', stream: nest.streams.length, arg, merge },
      temporary: size * extent(nest, axis),
    },
    {
      nest: {
        name,
        loops: [{ axis: 'element', size }],
        inner: { axis: 'sum', size: extent(nest, axis) },
        streams: [
          { buffer, offset: 0, outer: [1], inner: size },
          { buffer: target.buffer, offset: 0, outer: [1], inner: 0 },
        ],
        body: [{ op: 'load', stream: 0 }],
      },
      store: { ...store, stream: 1, arg: 0 },
    },
  ]
}

/** Parts that bind at most `arrays` arrays each. */
const spill = (nest: Nest, store: Store, arrays: number, buffer: number): readonly PrintedPart[] => {
  if (binds(nest, store) <= arrays) return [{ nest, store }]
  const choices = nest.body.flatMap((x, register) => {
    if (x.op !== 'primitive' && x.op !== 'reduce' && !(x.op === 'load' && x.at)) return []
    const { stream, size } = array(nest, register, buffer)
    const streams = [...nest.streams, stream]
    const kept: Store = { op: 'store', stream: streams.length - 1, arg: register }
    const loaded: Instruction = { op: 'load', stream: streams.length - 1 }
    const before = { ...nest, streams }
    const rest = { ...before, body: nest.body.with(register, loaded) }
    return binds(before, kept) <= arrays ? [{ before, kept, size, rest, left: binds(rest, store) }] : []
  })
  const best = choices.toSorted((a, b) => a.left - b.left)[0]
  // Three gathers in one primitive may be too many: the device will say so.
  if (best === undefined) return [{ nest, store }]
  return [{ nest: best.before, store: best.kept, temporary: best.size }, ...spill(best.rest, store, arrays, buffer + 1)]
}

/** How many arrays a store of a nest binds. */
const binds = ({ streams, body }: Nest, store: Store): number => {
  const buffers = new Set<number>()
  const seen = new Set<number>()
  const visit = (register: number): void => {
    if (seen.has(register)) return
    seen.add(register)
    const x = body[register]!
    if (x.op === 'load') buffers.add(streams[x.stream]!.buffer)
    if (x.op === 'load' && x.at) visit(x.at.index)
    if (x.op === 'primitive') x.args.forEach(visit)
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
  const outer = nest.loops.map((_, axis) => strides.get(axis)!)
  return { stream: { buffer, offset: 0, outer, inner: strides.get(inner)! }, size }
}
