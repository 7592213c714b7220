/**
 * Graph → values. Derived primitives become elementary ones, so that forward and backward share their parts:
 *
 *     logSumExp x = log s + m,   exp(x − logSumExp x) → e · (1/s),   where m = max x, e = exp(x − m), s = Σ e
 *
 * What only concerns differentiation or the order of axes goes (but what is computed again is another value, known later); axes along which nothing changes go too.
 */
import { type AnyTensor, type Graph, reachable, type Shape } from '../../core/index.ts'
import { pick, show } from '../../core/internal.ts'
import { type Builder, builder, type Expressions, expressions, has, type Monoid, sizeOver, type Value } from './value.ts'
import { along, restrict } from './view.ts'

/** The value of every output of the graph, perhaps with fewer axes. */
export const expand = (graph: Graph, narrow: (x: Value) => boolean = () => false): Expressions => {
  const build = builder()
  const to = new Map<AnyTensor, Value>()
  graph.inputs.forEach((x, index) => {
    if (!to.has(x)) to.set(x, build.make({ tag: 'input', index }, [], varying(x.shape)))
  })
  const e: Expansion = { build, narrow, softmaxes: new Map() }
  for (const x of reachable(graph.outputs))
    if (!to.has(x))
      to.set(
        x,
        expandNode(
          e,
          x,
          x.from.map((y) => to.get(y)!),
        ),
      )
  return expressions(graph.outputs.map((x) => to.get(x)!))
}

/** Without the axes of size 1. */
export const varying = (shape: Shape): Shape => {
  for (const axis in shape) if (shape[axis] === 1) return pick(shape, (a) => shape[a]! > 1)
  return shape
}

/** What the rules share. */
interface Expansion {
  readonly build: Builder
  /** Is this value kept narrow? */
  readonly narrow: (x: Value) => boolean
  /** logSumExp x → its parts. */
  readonly softmaxes: Map<Value, { readonly x: Value; readonly exponentials: Value; readonly sum: Value }>
}

/** The value of a node, from those of its arguments. */
const expandNode = (e: Expansion, { op, shape, from: nodes }: AnyTensor, from: readonly Value[]): Value => {
  const x = from[0]
  const y = from[1]
  const source = nodes[0]?.shape ?? {}
  switch (op.tag) {
    case 'constant':
      return e.build.constant(op.single ?? op.value) // programs compute in float32
    case 'iota':
      return e.build.iota(op.axis, shape[op.axis]!)
    case 'random':
      return random(e, x!, op.salt, shape)
    case 'primitive':
      return op.primitive === 'exp' ? exp(e, x!) : e.build.apply(op.primitive, from)
    case 'reduce':
      return reduce(e, op.merge, x!, source, op.over)
    case 'rename':
      return rename(e, x!, op.from, op.to)
    case 'stridedSlice':
      return window(e, x!, op.axis, op.offset, op.step, source[op.axis]!, shape[op.axis]!)
    case 'unflatten':
      return split(e, x!, op.axis, op.into, shape)
    case 'flatten':
      return join(e, x!, op.axes, op.into, source)
    case 'take':
      return take(e, x!, y!, op.axis, source[op.axis]!)
    case 'scatter':
      return scatter(e, x!, y!, op.axis, shape[op.axis]!, nodes[1]!.shape)
    case 'broadcastTo':
    case 'variable':
    case 'stop':
      return x!
    case 'checkpoint':
      return y === undefined ? x! : e.build.later(x!, y)
    case 'input':
    case 'data':
    case 'device':
      throw new TypeError(
        `plan: the leaf ${op.tag === 'input' ? `'${op.name}'` : op.tag} ${show(shape)} is not among the inputs of the graph`,
      )
  }
}

const multiple = (e: Expansion, n: number, x: Value): Value => e.build.apply('mul', [e.build.constant(n), x])
/** A reduction over axes that x may lack: along those, every entry is the same. */
const sum = (e: Expansion, x: Value, shape: Shape, over: readonly string[]): Value =>
  multiple(
    e,
    sizeOver(
      shape,
      over.filter((axis) => !has(x, axis)),
    ),
    scaled(e, x, over) ?? e.build.reduce('sum', x, over),
  )
/** A matrix that is kept narrow, times its scales. */
const isScaled = (e: Expansion, x: Value): boolean =>
  x.op.tag === 'primitive' && x.op.primitive === 'mul' && x.from.some((y) => e.narrow(y) && y.size === x.size)
/** Σ a · (q · s) = s · Σ a · q, or Σ (a · s) · q: scales are not multiplied into the matrix. */
const scaled = (e: Expansion, x: Value, over: readonly string[]): Value | undefined => {
  const { apply } = e.build
  if (x.op.tag !== 'primitive' || x.op.primitive !== 'mul') return undefined
  const [a, b] = isScaled(e, x.from[1]!) ? [x.from[0]!, x.from[1]!] : [x.from[1]!, x.from[0]!]
  if (!isScaled(e, b)) return undefined
  const [q, s] = e.narrow(b.from[0]!) ? [b.from[0]!, b.from[1]!] : [b.from[1]!, b.from[0]!]
  if (!over.some((axis) => has(s, axis))) return apply('mul', [s, e.build.reduce('sum', apply('mul', [a, q]), over)])
  return s.axes.every((axis) => has(a, axis)) ? e.build.reduce('sum', apply('mul', [apply('mul', [a, s]), q]), over) : undefined
}
const reduce = (e: Expansion, merge: Monoid | 'logSumExp', x: Value, shape: Shape, over: readonly string[]): Value => {
  const { apply, constant } = e.build
  if (merge === 'sum') return sum(e, x, shape, over)
  if (merge === 'max') return e.build.reduce('max', x, over)
  if (!over.some((axis) => has(x, axis))) return apply('add', [constant(Math.log(sizeOver(shape, over))), x])
  const top = apply('max', [constant(lowest), e.build.reduce('max', x, over)])
  const exponentials = apply('exp', [apply('sub', [x, top])])
  const total = sum(e, exponentials, shape, over)
  const result = apply('add', [apply('log', [total]), top])
  e.softmaxes.set(result, { x, exponentials, sum: total })
  return result
}
const exp = (e: Expansion, x: Value): Value => {
  const { apply, constant } = e.build
  const parts = x.op.tag === 'primitive' && x.op.primitive === 'sub' ? e.softmaxes.get(x.from[1]!) : undefined
  if (parts === undefined || parts.x !== x.from[0]) return apply('exp', [x])
  return apply('mul', [parts.exponentials, apply('div', [constant(1), parts.sum])])
}

const rename = (e: Expansion, x: Value, from: string, to: string): Value => {
  if (!has(x, from)) return x
  const shape = Object.fromEntries(Object.entries(x.shape).map(([axis, n]) => [axis === from ? to : axis, n]))
  return e.build.view(x, along(x.shape, from, { offset: 0, terms: [{ axis: to, step: 1 }] }), shape)
}
const window = (e: Expansion, x: Value, axis: string, offset: number, step: number, before: number, after: number): Value => {
  const read = { offset, terms: after === 1 ? [] : [{ axis, step }] }
  const { [axis]: _, ...rest } = x.shape
  const shape = after === 1 ? rest : { ...rest, [axis]: after }
  const open = restrict(read, 0, before, shape)
  if (open === 'never') return e.build.constant(0)
  const guards = typeof open === 'object' ? [open] : []
  return has(x, axis) ? e.build.view(x, along(x.shape, axis, read, guards), shape) : e.build.inside(x, guards, shape)
}
const split = (e: Expansion, x: Value, axis: string, into: readonly string[], parts: Shape): Value => {
  if (!has(x, axis)) return x
  const { [axis]: _, ...rest } = x.shape
  const terms = into.flatMap((part, i) => (parts[part]! > 1 ? [{ axis: part, step: sizeOver(parts, into.slice(i + 1)) }] : []))
  return e.build.view(x, along(x.shape, axis, { offset: 0, terms }), {
    ...rest,
    ...varying(Object.fromEntries(into.map((a) => [a, parts[a]!]))),
  })
}
const join = (e: Expansion, x: Value, axes: readonly string[], into: string, parts: Shape): Value => {
  const real = axes.filter((axis) => parts[axis]! > 1)
  if (!real.some((axis) => has(x, axis))) return x
  if (real.length === 1) return rename(e, x, real[0]!, into)
  const full = { ...x.shape, ...Object.fromEntries(real.map((axis) => [axis, parts[axis]!])) }
  const rest = Object.fromEntries(Object.entries(full).filter(([axis]) => !real.includes(axis)))
  const whole = real.every((axis) => has(x, axis)) && !x.free ? x : e.build.copy(x, full)
  return e.build.make({ tag: 'flatten', axes: real, into }, [whole], { ...rest, [into]: sizeOver(parts, real) })
}
/**
 * An index as a position that the axis has, and whether it was one: what is outside, a fraction or NaN was not. Adding 2²³ rounds to
 * an integer in float32; in float64 it does not, and a load at a fraction is NaN there.
 */
const position = (e: Expansion, index: Value, length: number): { readonly place: Value; readonly exact: Value } => {
  const { apply, constant } = e.build
  const [last, half] = [constant(length - 1), constant(2 ** 23)]
  const inside = apply('max', [constant(0), apply('where', [apply('less', [index, last]), index, last])])
  const place = length > 2 ** 23 ? inside : apply('sub', [apply('add', [half, inside]), half])
  return { place, exact: apply('equal', [place, index]) }
}
const take = (e: Expansion, table: Value, index: Value, axis: string, length: number): Value => {
  const { apply, constant } = e.build
  const known = index.op.tag === 'iota' && sizeOver(index.shape, index.axes) <= length
  const { place, exact } = known ? { place: index, exact: constant(1) } : position(e, index, length)
  return apply('mul', [apply('div', [exact, exact]), entry(e, table, place, axis)])
}
const entry = (e: Expansion, table: Value, place: Value, axis: string): Value => {
  if (!has(table, axis)) return table
  if (isScaled(e, table)) {
    const [q, s] = table.from.map((part) => entry(e, part, place, axis))
    return e.build.apply('mul', [q!, s!])
  }
  const { [axis]: length, ...rest } = table.shape
  if (place.op.tag === 'constant') return window(e, table, axis, place.op.value, 1, length!, 1)
  const guarded = table.op.tag === 'view' && table.op.view.guards.some((guard) => guard.axis === axis)
  const memory = table.free || guarded ? e.build.copy(table, table.shape) : table
  return e.build.make({ tag: 'take', axis }, [memory, place], { ...place.shape, ...rest })
}
const scatter = (e: Expansion, x: Value, index: Value, axis: string, length: number, indices: Shape): Value => {
  const { apply, constant } = e.build
  const over = Object.keys(indices)
  const meets = over.filter((a) => has(index, a))
  // Along axes that the index lacks, all entries go to one place.
  const gathered = sum(
    e,
    x,
    indices,
    over.filter((a) => !has(index, a)),
  )
  if (length === 1) return sum(e, apply('where', [apply('equal', [index, constant(0)]), gathered, constant(0)]), indices, meets)
  if (meets.length === 0) return apply('where', [apply('equal', [e.build.iota(axis, length), index]), gathered, constant(0)])
  if (gathered.op.tag === 'constant' && gathered.op.value === 0) return gathered
  const rest = Object.fromEntries(Object.entries(gathered.shape).filter(([a]) => !meets.includes(a)))
  const { place, exact } = position(e, index, length)
  return e.build.make({ tag: 'scatter', axis, over: meets }, [apply('where', [exact, gathered, constant(0)]), place], {
    [axis]: length,
    ...rest,
  })
}
const random = (e: Expansion, key: Value, salt: number, shape: Shape): Value => {
  const axes = Object.keys(shape)
  const strides = Object.fromEntries(
    axes.map((axis, i) => [axis, sizeOver(shape, axes.slice(i + 1))] as const).filter(([axis]) => shape[axis]! > 1),
  )
  return e.build.make({ tag: 'random', salt, offset: 0, strides }, [key], varying(shape))
}

/** Below it there is only −∞: keeps x − max x a number where every entry is −∞. */
const lowest = -3.4e38
