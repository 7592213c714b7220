/**
 * The planner's own expressions: what is left of a graph when derived primitives, broadcasts and unit axes are gone.
 *
 * A value has no axis of size 1 and none along which it is constant, so two values that hold the same numbers are
 * one object far more often than in the graph. `free` values (primitives on positions) cost nothing to say again.
 */
import { interpretation, type Primitive, type Scalar, type Shape } from '../../core/index.ts'
import {
  definitions,
  type Elementary,
  identities,
  isDerived,
  literal,
  type Merge,
  type Rules,
  scaleOf,
  simplified,
  structuralKey,
} from '../../core/internal.ts'
import { type AxisRange, compose, identity, type StridedView, unchanged } from './view.ts'

export type Monoid = Exclude<Merge, 'logSumExp'>

export type Operation =
  | { readonly tag: 'input'; readonly index: number }
  | { readonly tag: 'constant'; readonly value: number }
  | { readonly tag: 'iota'; readonly axis: string }
  /** The linear index of the counter begins at `offset`, and runs by `strides` along each axis. From: key. */
  | { readonly tag: 'random'; readonly salt: number; readonly offset: number; readonly strides: Readonly<Record<string, number>> }
  | { readonly tag: 'primitive'; readonly primitive: Elementary }
  /** The same numbers in memory of their own, perhaps with more axes; `widens`: of an input that is kept narrow, for a product that follows. */
  | { readonly tag: 'copy'; readonly unique: number; readonly widens?: true }
  | { readonly tag: 'reduce'; readonly merge: Monoid; readonly over: readonly string[] }
  /** `depth` only tells apart what is to be computed twice. From: source; perhaps also what must be known before it is looked at. */
  | { readonly tag: 'view'; readonly view: StridedView; readonly depth?: number }
  | { readonly tag: 'flatten'; readonly axes: readonly string[]; readonly into: string }
  /** Its arguments one after the other along an axis: the i-th begins at starts[i]. */
  | { readonly tag: 'assemble'; readonly axis: string; readonly starts: readonly number[] }
  /** From: table, index. */
  | { readonly tag: 'take'; readonly axis: string }
  /** From: x, index. Sums over the axes of the index. */
  | { readonly tag: 'scatter'; readonly axis: string; readonly over: readonly string[] }
  /** The array that is donated to it, with x at one position of an axis. From: x, position. */
  | { readonly tag: 'update'; readonly axis: string }
  /** One buffer that starts as its last argument (if that is a copy) and to which contractions and scatters are added in place. */
  | { readonly tag: 'accumulate' }

export interface Value {
  /** Later values have larger numbers. */
  readonly id: number
  readonly op: Operation
  readonly from: readonly Value[]
  readonly shape: Shape
  readonly axes: readonly string[]
  readonly size: number
  readonly free: boolean
}

export const has = (x: Value, axis: string): boolean => x.shape[axis] !== undefined
export const sizeOver = (shape: Shape, axes: readonly string[]): number => axes.reduce((n, axis) => n * shape[axis]!, 1)
/** Axis for axis the same. */
export const sameAxes = (x: Value, y: Value): boolean => x.axes.length === y.axes.length && x.axes.every((axis) => has(y, axis))
/** Primitives that cost an instruction: cheaper to say again than to load. */
const cheapPrimitives: ReadonlySet<Primitive> = new Set<Primitive>(['add', 'sub', 'mul', 'max', 'less', 'equal', 'where'])
export const isCheap = ({ op }: Value): boolean => op.tag === 'copy' || (op.tag === 'primitive' && cheapPrimitives.has(op.primitive))

/** Values that a kernel writes somewhere, rather than ones that are said again, supplied, or looked at through a view. */
export const computed = ({ op, free }: Value): boolean => !free && op.tag !== 'input' && op.tag !== 'view'

/** Every value that `outputs` depend on, arguments first. */
export const reach = (outputs: readonly Value[]): readonly Value[] => {
  const seen = new Set(outputs)
  for (const x of seen) for (const y of x.from) seen.add(y)
  return [...seen].sort((a, b) => a.id - b.id)
}

/** What is to be computed, and all values for it, arguments first. */
export interface Expressions {
  readonly outputs: readonly Value[]
  readonly values: readonly Value[]
}
export const expressions = (outputs: readonly Value[]): Expressions => ({ outputs, values: reach(outputs) })

/** Who reads each value. */
export const readersOf = (values: readonly Value[]): ReadonlyMap<Value, readonly Value[]> => {
  const readers = new Map<Value, Value[]>()
  for (const x of values)
    for (const y of x.from) {
      const known = readers.get(y)
      if (known === undefined) readers.set(y, [x])
      else known.push(x)
    }
  return readers
}

/**
 * A place where values are made, each once. Every pass that rewrites values makes all of them anew in a builder of its own,
 * so that their order is that of the computation, forward before backward.
 */
export interface Builder {
  readonly make: (op: Operation, from: readonly Value[], shape: Shape) => Value
  readonly words: Scalar<Value>
  readonly constant: (value: number) => Value
  readonly iota: (axis: string, size: number) => Value
  readonly apply: (primitive: Primitive, args: readonly Value[]) => Value
  readonly reduce: (merge: Monoid, x: Value, over: readonly string[]) => Value
  readonly copy: (x: Value, shape: Shape) => Value
  readonly view: (x: Value, view: StridedView, shape: Shape) => Value
  /** The same numbers, but what is computed from them is computed after another value. */
  readonly later: (x: Value, after: Value) => Value
  /** A value of its own, whether there is one like it or not. */
  readonly fresh: (op: Operation, from: readonly Value[], shape: Shape) => Value
  /** The same operation on other arguments of the same shapes, of this builder. */
  readonly rebuild: (x: Value, from: readonly Value[]) => Value
  /** x where every index is in its range, else 0. */
  readonly inside: (x: Value, ranges: readonly AxisRange[], shape: Shape) => Value
}

export const builder = (): Builder => {
  const known = new Map<string, Value>()
  let count = 0
  const fresh: Builder['fresh'] = (op, from, shape) => {
    const like = from.find((x) => x.shape === shape)
    const axes = like?.axes ?? Object.keys(shape)
    const free =
      op.tag === 'constant' ||
      op.tag === 'iota' ||
      (op.tag === 'primitive' && cheapPrimitives.has(op.primitive) && from.every((x) => x.free))
    return { id: count++, op, from, shape, axes, size: like?.size ?? sizeOver(shape, axes), free }
  }
  const make: Builder['make'] = (op, from, shape) => {
    const key = structuralKey(op, from, needsShape(op) ? shape : undefined)
    const old = known.get(key)
    if (old !== undefined) return old
    const made = fresh(op, from, shape)
    known.set(key, made)
    return made
  }
  const constant = (value: number): Value => make({ tag: 'constant', value }, [], {})
  const apply = (primitive: Primitive, given: readonly Value[]): Value => {
    if (isDerived(primitive)) return definitions[primitive](words)(given[0]!)
    return simplified(rules, build, primitive, given, (args) => make({ tag: 'primitive', primitive }, args, union(args)))
  }
  const words = interpretation(constant, apply)
  const build: Builder = {
    ...{ make, fresh, constant, apply, words },
    iota: (axis, size) => (size === 1 ? constant(0) : make({ tag: 'iota', axis }, [], { [axis]: size })),
    reduce: (merge, x, over) => reduce(build, merge, x, over),
    copy: (x, shape) => make({ tag: 'copy', unique: count }, [x], shape),
    view: (x, how, shape) => view(build, x, how, shape),
    later: (x, after) => later(build, x, after),
    rebuild: (x, from) => (x.op.tag === 'primitive' ? apply(x.op.primitive, from) : make(x.op, from, x.shape)),
    inside: (x, ranges, shape) => inside(build, x, ranges, shape),
  }
  return build
}

/** What the planner adds to the identities: no product by −1 where a sign will do, and as few divisions as possible. */
const rules: Rules<Value> = {
  ...identities,
  add: [...identities.add, ({ apply }, x, y) => (scaleOf(y) === -1 ? apply('sub', [x, y.from[1]!]) : undefined)],
  sub: [...identities.sub, ({ apply }, x, y) => (scaleOf(y) === -1 ? apply('add', [x, y.from[1]!]) : undefined)],
  div: [
    ...identities.div,
    ({ constant, apply }, x, y) => {
      const b = literal(y)
      const exact = b !== undefined && b !== 0 && Number.isInteger(Math.log2(Math.abs(b)))
      return exact ? apply('mul', [constant(1 / b), x]) : undefined
    },
    // One division a row, and what is left is cheap.
    ({ constant, apply }, x, y) =>
      literal(y) === undefined && y.size < x.size ? apply('mul', [apply('div', [constant(1), y]), x]) : undefined,
  ],
}

const reduce = ({ make }: Builder, merge: Monoid, x: Value, over: readonly string[]): Value => {
  const present = over.filter((axis) => has(x, axis)).sort()
  if (present.length === 0) return x
  const rest = Object.fromEntries(Object.entries(x.shape).filter(([axis]) => !present.includes(axis)))
  return make({ tag: 'reduce', merge, over: present }, [x], rest)
}
const inside = ({ iota, apply, constant }: Builder, x: Value, ranges: readonly AxisRange[], shape: Shape): Value =>
  ranges.reduce((y, { axis, from, to }) => {
    const i = iota(axis, shape[axis]!)
    const above = from > 0 ? apply('where', [apply('less', [i, constant(from)]), constant(0), y]) : y
    return to < shape[axis]! ? apply('where', [apply('less', [i, constant(to)]), above, constant(0)]) : above
  }, x)
/** Positions have no memory to look into: a view of them is a substitution. */
const substitute = ({ apply, constant, iota }: Builder, x: Value, how: StridedView, shape: Shape): Value => {
  const known = new Map<Value, Value>()
  const go = (y: Value): Value => {
    const made = known.get(y) ?? look(y)
    known.set(y, made)
    return made
  }
  const look = (y: Value): Value => {
    if (y.op.tag === 'primitive') return apply(y.op.primitive, y.from.map(go))
    if (y.op.tag !== 'iota') return y
    const { offset, terms } = how.reads[y.op.axis]!
    const steps = terms.map(({ axis, step }) => apply('mul', [constant(step), iota(axis, shape[axis]!)]))
    return steps.reduce<Value>((sum, step) => apply('add', [sum, step]), constant(offset))
  }
  return go(x)
}
const view = (build: Builder, x: Value, how: StridedView, shape: Shape): Value => {
  if (x.free) return inside(build, substitute(build, x, how, shape), how.guards, shape)
  if (x.op.tag === 'view') {
    const [source] = x.from
    const direct = compose(how, x.op.view, shape)
    if (direct === 'nothing') return build.constant(0)
    return direct === undefined ? view(build, build.copy(x, x.shape), how, shape) : view(build, source!, direct, shape)
  }
  return identity(how, x.shape, shape) ? x : build.make({ tag: 'view', view: how }, [x], shape)
}
const later = ({ copy, make }: Builder, x: Value, after: Value): Value => {
  if (x.free || x.op.tag === 'input') return x
  const source = x.op.tag === 'view' ? copy(x, x.shape) : x
  return make({ tag: 'view', view: unchanged(x.shape) }, [source, after], x.shape)
}

/** All axes; usually those of one of them, and then that very object. */
const union = (xs: readonly Value[]): Shape => {
  const widest = xs.reduce((x, y) => (y.axes.length > x.axes.length ? y : x))
  const whole = xs.every((x) => x === widest || x.axes.every((axis) => has(widest, axis)))
  return whole ? widest.shape : Object.assign({}, ...xs.map((x) => x.shape))
}
const needsShape = ({ tag }: Operation): boolean =>
  tag === 'iota' || tag === 'view' || tag === 'scatter' || tag === 'copy' || tag === 'random' || tag === 'update' || tag === 'accumulate'
