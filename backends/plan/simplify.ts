/**
 * The loops of a rows kernel, made fit for machine code: loops of one iteration vanish, neighbours that every stream walks as
 * one become one, and merging a whole row into a single element becomes a reduction.
 */
import type { FusedKernel, Instruction } from './program.ts'
import { fullness } from './schedule.ts'

interface NestLevel {
  readonly size: number
  /** What an iteration adds to every stream and to every random index. */
  readonly moves: readonly number[]
  /** The kernel's own number of the loop (−1: the inner axis), where someone asks for its index. */
  readonly asked: number | undefined
}

/** An equal kernel with fewer loops. */
export const simplify = (kernel: FusedKernel): FusedKernel => totals(fused(kernel))

const fused = (kernel: FusedKernel): FusedKernel => {
  const { body, loops, inner, streams, triangle } = kernel
  const asked = new Set<number>(triangle === undefined ? [] : [triangle.loop, -1])
  for (const i of body) {
    if (i.op === 'iota') asked.add(i.loop)
    if (i.op === 'load') for (const guard of i.guards ?? []) asked.add(guard.loop)
  }
  const draws = body.filter((i) => i.op === 'random')
  const outer = loops.map(({ size }, l): NestLevel => {
    return { size, moves: [...streams, ...draws].map((x) => x.outer[l]!), asked: asked.has(l) ? l : undefined }
  })
  const last: NestLevel = { size: inner.size, moves: [...streams, ...draws].map((x) => x.inner), asked: asked.has(-1) ? -1 : undefined }
  // the inner axis stays as it is where something happens once a row
  const tied = body.some(
    (i) => i.op === 'reduce' || (i.op === 'store' && i.merge !== undefined && (inner.size === 1 || streams[i.stream]!.inner === 0)),
  )
  const levels = tied ? [...fuse(outer), last] : fuse([...outer, last])
  const [innermost, nest] = [levels.at(-1)!, levels.slice(0, -1)]
  const number = (loop: number): number => nest.findIndex((level) => level.asked === loop)
  let draw = 0
  return {
    ...kernel,
    loops: nest.map(({ size, asked: l }) => ({ axis: l === undefined ? 'fused' : loops[l]!.axis, size })),
    inner: { axis: inner.axis, size: innermost.size },
    streams: streams.map((stream, s) => ({ ...stream, outer: nest.map(({ moves }) => moves[s]!), inner: innermost.moves[s]! })),
    body: body.map((i): Instruction => {
      if (i.op === 'iota') return { ...i, loop: number(i.loop) }
      if (i.op === 'load' && i.guards !== undefined)
        return { ...i, guards: i.guards.map((guard) => ({ ...guard, loop: number(guard.loop) })) }
      if (i.op !== 'random') return i
      const at = streams.length + draw++
      return { ...i, outer: nest.map(({ moves }) => moves[at]!), inner: innermost.moves[at]! }
    }),
    ...(triangle === undefined ? {} : { triangle: { ...triangle, loop: number(triangle.loop) } }),
  }
}

/** Levels from outermost to innermost, neighbours joined where they walk as one. */
const fuse = (levels: readonly NestLevel[]): readonly NestLevel[] => {
  const done: NestLevel[] = []
  for (const level of [...levels].reverse()) {
    const inside = done.at(-1)
    const one = inside === undefined ? undefined : joined(level, inside)
    if (one !== undefined) done.pop()
    done.push(one ?? level)
  }
  return done.reverse()
}
const joined = (a: NestLevel, b: NestLevel): NestLevel | undefined => {
  if (a.size === 1 && a.asked === undefined) return b
  if (b.size === 1 && b.asked === undefined) return a
  const one = a.asked === undefined && b.asked === undefined && a.moves.every((move, i) => move === b.moves[i]! * b.size)
  return one ? { ...b, size: a.size * b.size } : undefined
}

/** A merge of a full value into one element a row: reduce first. */
const totals = (kernel: FusedKernel): FusedKernel => {
  const full = fullness(kernel)
  const to: number[] = []
  const body: Instruction[] = []
  for (const i of kernel.body) {
    const scattered = i.op === 'store' && (kernel.streams[i.stream]!.inner !== 0 || (i.at !== undefined && full[i.at.index]))
    const moved = renumber(i, (register) => to[register]!)
    if (i.op === 'store' && moved.op === 'store' && i.merge !== undefined && full[i.arg] && !scattered) {
      body.push({ op: 'reduce', merge: i.merge, arg: moved.arg })
      to.push(body.push({ ...moved, arg: body.length - 1 }) - 1)
    } else to.push(body.push(moved) - 1)
  }
  return { ...kernel, body }
}
const renumber = (i: Instruction, to: (register: number) => number): Instruction => {
  const at = 'at' in i && i.at !== undefined ? { at: { ...i.at, index: to(i.at.index) } } : {}
  switch (i.op) {
    case 'primitive':
      return { ...i, args: i.args.map(to) }
    case 'reduce':
      return { ...i, arg: to(i.arg) }
    case 'random':
      return { ...i, key: to(i.key) }
    case 'store':
      return { ...i, ...at, arg: to(i.arg) }
    case 'load':
      return { ...i, ...at }
    default:
      return i
  }
}
