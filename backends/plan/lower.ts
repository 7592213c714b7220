/**
 * A fused kernel in the terms of a Program: loops, streams with strides, and instructions.
 * Neighbouring loops merge where every array allows it, also into the inner one, so that a map over whole arrays is one loop.
 */
import type { Storage } from '../../core/internal.ts'
import type { Access } from './access.ts'
import type { Triangle } from './domain.ts'
import { innerAxis } from './layout.ts'
import type { FusedKernel, Guard, Instruction, Stream } from './program.ts'
import type { StoredFusedKernel } from './rematerialize.ts'
import type { Value } from './value.ts'
import type { AxisRange } from './view.ts'

export interface Lowering {
  readonly access: (x: Value) => Access
  readonly bufferOf: (owner: Value) => number
  readonly storageOf: (owner: Value) => Storage | undefined
  /** Stores that add to what is there. */
  readonly adds: ReadonlySet<Value>
}

type LoopStrides = Readonly<Record<string, number>>
/** One loop, made of one axis or of several that are walked as one. */
interface LoopLevel {
  readonly axis: string
  readonly size: number
  /** For each walker, its stride. */
  readonly strides: readonly number[]
  readonly alone: boolean
}

/** A kernel that is being lowered: its loops, and the streams and instructions so far. */
interface LoweringState extends Lowering {
  readonly kernel: StoredFusedKernel
  /** The inner axis, if the kernel has one. */
  readonly axis: string | undefined
  readonly levels: readonly LoopLevel[]
  readonly inner: LoopLevel
  readonly streams: Stream[]
  readonly body: Instruction[]
  readonly registers: Map<Value, number>
  /** Registers by what they load: values that are the same numbers in memory are one register. */
  readonly known: Map<string, number>
}

export const lowerFused = (
  k: StoredFusedKernel,
  lowering: Lowering,
  triangle: Triangle | undefined,
  block: number,
): Omit<FusedKernel, 'cost'> => {
  const { access } = lowering
  const axis = innerAxis(k, access)
  const stores = k.stores.map((x) => ({ value: x, ...access(x) }))
  const { levels, inner } = nest(k, axis, access, triangle)
  const { storageOf, bufferOf, adds } = lowering
  const s: LoweringState = {
    ...{ access, bufferOf, storageOf, adds, kernel: k, axis, levels, inner },
    ...{ streams: [], body: [], registers: new Map(), known: new Map() },
  }
  for (const x of k.loads) s.registers.set(x, load(s, x))
  for (const x of k.body)
    if (k.accumulators.has(x) && k.own.has(x)) {
      if (k.stores.includes(x)) storeAccumulator(s, x)
    } else {
      const arg = register(s, x)
      const target = stores.find(({ value }) => value === x)
      if (target !== undefined) emit(s, { op: 'store', stream: stream(s, target, target.strides), arg })
    }
  return {
    kind: 'fused',
    name: nameOf(k),
    loops: levels.map(({ axis: name, size }) => ({ axis: name, size })),
    inner: { axis: inner.axis, size: inner.size },
    streams: s.streams,
    body: s.body,
    ...(triangle === undefined ? {} : { triangle: { loop: loopOf(s, triangle.row), block } }),
  }
}

const loopOf = ({ axis, levels }: LoweringState, name: string): number =>
  name === axis ? -1 : levels.findIndex((level) => level.axis === name)
/** Strides by loop: those of the axis that a merged loop walks fastest. */
const walk = ({ levels, inner }: LoweringState, strides: LoopStrides): { readonly outer: readonly number[]; readonly inner: number } => ({
  outer: levels.map((level) => strides[level.axis] ?? 0),
  inner: strides[inner.axis] ?? 0,
})
const emit = ({ body }: LoweringState, instruction: Instruction): number => body.push(instruction) - 1
const stream = (s: LoweringState, { owner, offset }: Access, strides: LoopStrides): number => {
  const storage = s.storageOf(owner)
  const made = { buffer: s.bufferOf(owner), offset, ...walk(s, strides), ...(storage && { storage }) }
  const same = s.streams.findIndex(
    (other) =>
      other.buffer === made.buffer && other.offset === offset && other.inner === made.inner && other.outer.join() === made.outer.join(),
  )
  return same >= 0 ? same : s.streams.push(made) - 1
}
const guarded = (s: LoweringState, guards: readonly AxisRange[]): { guards?: readonly Guard[] } =>
  guards.length === 0 ? {} : { guards: guards.map((guard) => ({ loop: loopOf(s, guard.axis), from: guard.from, to: guard.to })) }

const load = (s: LoweringState, x: Value): number => {
  const a = s.access(x)
  const instruction = { op: 'load', stream: stream(s, a, a.strides), ...guarded(s, a.guards) } as const
  const key = JSON.stringify(instruction)
  const register = s.known.get(key) ?? emit(s, instruction)
  s.known.set(key, register)
  return register
}
/** The register of a value, which is computed when it is first asked for. */
const register = (s: LoweringState, x: Value): number => {
  const old = s.registers.get(x)
  if (old !== undefined) return old
  const made = compute(s, x)
  s.registers.set(x, made)
  return made
}
const compute = (s: LoweringState, x: Value): number => {
  const { op, from } = x
  switch (op.tag) {
    case 'constant':
      return emit(s, { op: 'constant', value: op.value })
    case 'iota':
      return emit(s, { op: 'iota', loop: loopOf(s, op.axis) })
    case 'primitive':
      return emit(s, { op: 'primitive', primitive: op.primitive, args: from.map((y) => register(s, y)) })
    case 'copy':
      return register(s, from[0]!)
    case 'random':
      return emit(s, { op: 'random', key: register(s, from[0]!), salt: op.salt, offset: op.offset, ...walk(s, op.strides) })
    case 'reduce':
      return emit(s, { op: 'reduce', merge: op.merge, arg: register(s, from[0]!) })
    case 'take': {
      const { table, stride, rest } = rowsOf(x, op.axis, s.access)
      const at = stream(s, table, rest)
      return emit(s, { op: 'load', stream: at, ...guarded(s, table.guards), at: { index: register(s, from[1]!), stride } })
    }
    default:
      throw new TypeError(`plan: ${op.tag} is not computed in a fused kernel`)
  }
}
/** Store what is added up in memory, across rows or wherever an index says. */
const storeAccumulator = (s: LoweringState, x: Value): void => {
  const a = s.access(x)
  const keep = s.adds.has(x) ? { keep: true } : {}
  if (x.op.tag === 'scatter') {
    const { [x.op.axis]: stride, ...rest } = a.strides
    const at = { index: register(s, x.from[1]!), stride: stride! }
    emit(s, { op: 'store', stream: stream(s, a, rest), arg: register(s, x.from[0]!), merge: 'sum', ...keep, at })
  } else if (x.op.tag === 'update') {
    const { [x.op.axis]: stride, ...rest } = a.strides
    const to = stream(s, a, rest)
    emit(s, { op: 'store', stream: to, arg: register(s, x.from[0]!), at: { index: register(s, x.from[1]!), stride: stride! } })
  } else if (x.op.tag === 'reduce') {
    const [from] = x.from
    const { merge, over } = x.op
    const along = s.axis !== undefined && over.includes(s.axis)
    const arg = along ? emit(s, { op: 'reduce', merge, arg: register(s, from!) }) : register(s, from!)
    const meets = s.adds.has(x) || over.length > (along ? 1 : 0)
    emit(s, { op: 'store', stream: stream(s, a, a.strides), arg, ...(meets ? { merge, ...keep } : {}) })
  }
}

/** How a `take` walks its table: by the index along its axis, even where the kernel has another axis of that name, and as any array along the rest. */
const rowsOf = (x: Value, axis: string, access: (x: Value) => Access) => {
  const table = access(x.from[0]!)
  const { [axis]: stride, ...rest } = table.strides
  return { table, stride: stride!, rest }
}

/** The loops around the inner axis, outermost first, merged where all that walks through memory walks on alike. */
const nest = (
  k: StoredFusedKernel,
  axis: string | undefined,
  access: (x: Value) => Access,
  triangle: Triangle | undefined,
): { readonly levels: readonly LoopLevel[]; readonly inner: LoopLevel } => {
  const tables = k.body.flatMap((x) => (x.op.tag === 'take' ? [x.from[0]!] : []))
  const arrays = [...k.stores, ...k.loads, ...tables]
  const walkers: LoopStrides[] = [
    ...[...k.stores, ...k.loads].map((x) => access(x).strides),
    ...k.body.flatMap((x) => (x.op.tag === 'take' ? [rowsOf(x, x.op.axis, access).rest] : x.op.tag === 'random' ? [x.op.strides] : [])),
  ]
  const alone = new Set([
    ...k.body.flatMap((x) => (x.op.tag === 'iota' ? [x.op.axis] : [])),
    ...[...k.loads, ...tables].flatMap((x) => access(x).guards.map((g) => g.axis)),
  ])
  if (triangle !== undefined) alone.add(triangle.row).add(triangle.column)
  const level = (name: string): LoopLevel => ({
    axis: name,
    size: k.space[name]!,
    strides: walkers.map((s) => s[name] ?? 0),
    alone: alone.has(name),
  })
  const guide = access(arrays.reduce((a, b) => (b.axes.length > a.axes.length ? b : a))).strides
  const levels = Object.keys(k.space)
    .filter((name) => name !== axis)
    .sort((a, b) => (guide[b] ?? 0) - (guide[a] ?? 0))
    .map(level)
  const follows = (outer: LoopLevel, inner: LoopLevel): boolean =>
    !outer.alone && !inner.alone && outer.strides.every((s, i) => s === inner.strides[i]! * inner.size)
  for (let i = levels.length - 2; i >= 0; i--) {
    const [outer, next] = [levels[i]!, levels[i + 1]!]
    if (follows(outer, next)) levels.splice(i, 2, { ...next, size: outer.size * next.size })
  }
  if (axis === undefined) return { levels, inner: { axis: 'one', size: 1, strides: [], alone: true } }
  const inner = level(axis)
  const innermost = levels.at(-1)
  const reduces = k.body.some((x) => x.op.tag === 'reduce' && k.own.has(x) && x.op.over.includes(axis))
  if (innermost === undefined || reduces || !follows(innermost, inner)) return { levels, inner }
  return { levels: levels.slice(0, -1), inner: { ...inner, size: innermost.size * inner.size } }
}

const nameOf = (k: StoredFusedKernel): string => {
  const words = k.body.flatMap(({ op }) =>
    op.tag === 'reduce'
      ? [op.merge]
      : op.tag === 'primitive'
        ? heavy.has(op.primitive)
          ? [op.primitive]
          : []
        : telling.has(op.tag)
          ? [op.tag]
          : [],
  )
  return `${[...new Set(words)].join(' ') || 'map'} [${Object.keys(k.space).join(' ')}]`
}
const heavy: ReadonlySet<string> = new Set(['exp', 'log', 'sqrt', 'sin', 'cos', 'div'])
const telling: ReadonlySet<string> = new Set(['take', 'scatter', 'random', 'copy'])
