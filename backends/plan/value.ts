/**
 * The planner's own expressions: what is left of a graph when derived primitives, broadcasts and unit axes are gone.
 *
 * A value has no axis of size 1 and none along which it is constant, so two values that hold the same numbers are
 * one object far more often than in the graph. `free` values (primitives on positions) cost nothing to say again.
 */
import { interpretation, numbers, type Primitive, type Scalar, type Shape } from '../../core/index.ts'
import { applyPrimitive, definitions, type Elementary, isDerived, type Merge } from '../../core/internal.ts'
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
  const make: Builder['make'] = (op, from, shape) => {
    const key = `${label(op)}(${from.map((x) => x.id).join()})${needsShape(op) ? JSON.stringify(shape) : ''}`
    const old = known.get(key)
    if (old !== undefined) return old
    const made = fresh(op, from, shape)
    known.set(key, made)
    return made
  }
  const fresh: Builder['fresh'] = (op, from, shape) => {
    const like = from.find((x) => x.shape === shape)
    const axes = like?.axes ?? Object.keys(shape)
    const free =
      op.tag === 'constant' ||
      op.tag === 'iota' ||
      (op.tag === 'primitive' && cheapPrimitives.has(op.primitive) && from.every((x) => x.free))
    return { id: count++, op, from, shape, axes, size: like?.size ?? sizeOver(shape, axes), free }
  }
  const constant = (value: number): Value => make({ tag: 'constant', value }, [], {})
  const iota = (axis: string, size: number): Value => (size === 1 ? constant(0) : make({ tag: 'iota', axis }, [], { [axis]: size }))

  const apply = (primitive: Primitive, given: readonly Value[]): Value => {
    if (isDerived(primitive)) return definitions[primitive](words)(given[0]!)
    const turn = commutative.has(primitive) && constantsFirst(given[0]!, given[1]!) > 0
    const args = turn ? [given[1]!, given[0]!] : given
    const values = args.map(literal)
    if (values.every((v) => v !== undefined)) return constant(applyPrimitive(numbers, primitive, values))
    return simpler(primitive, args[0]!, args[1], args[2]) ?? make({ tag: 'primitive', primitive }, args, union(args))
  }
  const simpler = (primitive: Primitive, x: Value, y?: Value, z?: Value): Value | undefined => {
    const a = literal(x)
    const b = y && literal(y)
    switch (primitive) {
      case 'add':
        return a === 0 ? y : opposite(y!) !== undefined ? apply('sub', [x, opposite(y!)!]) : undefined
      case 'sub':
        return b === 0 ? x : opposite(y!) !== undefined ? apply('add', [x, opposite(y!)!]) : undefined
      case 'mul': {
        if (a === 1) return y
        if (a === 0) return x
        const scale = y?.op.tag === 'primitive' && y.op.primitive === 'mul' ? literal(y.from[0]!) : undefined
        return a !== undefined && scale !== undefined ? apply('mul', [constant(a * scale), y!.from[1]!]) : undefined
      }
      case 'div':
        if (b === 1 || a === 0) return x
        if (b !== undefined) return b !== 0 && Number.isInteger(Math.log2(Math.abs(b))) ? apply('mul', [constant(1 / b), x]) : undefined
        // One division a row, and what is left is cheap.
        return y!.size < x.size ? apply('mul', [apply('div', [constant(1), y!]), x]) : undefined
      case 'where':
        return y === z || (a !== undefined && a !== 0) ? y : a === 0 ? z : undefined
      default:
        return undefined
    }
  }
  const words = interpretation(constant, apply)

  const reduce: Builder['reduce'] = (merge, x, over) => {
    const present = over.filter((axis) => has(x, axis)).sort()
    if (present.length === 0) return x
    const rest = Object.fromEntries(Object.entries(x.shape).filter(([axis]) => !present.includes(axis)))
    return make({ tag: 'reduce', merge, over: present }, [x], rest)
  }
  const copy: Builder['copy'] = (x, shape) => make({ tag: 'copy', unique: count }, [x], shape)

  const inside: Builder['inside'] = (x, ranges, shape) =>
    ranges.reduce((y, { axis, from, to }) => {
      const i = iota(axis, shape[axis]!)
      const above = from > 0 ? apply('where', [apply('less', [i, constant(from)]), constant(0), y]) : y
      return to < shape[axis]! ? apply('where', [apply('less', [i, constant(to)]), above, constant(0)]) : above
    }, x)
  /** Positions have no memory to look into: a view of them is a substitution. */
  const substitute = (x: Value, view: StridedView, shape: Shape): Value => {
    const known = new Map<Value, Value>()
    const go = (y: Value): Value => {
      const made = known.get(y) ?? look(y)
      known.set(y, made)
      return made
    }
    const look = (y: Value): Value => {
      if (y.op.tag === 'primitive') return apply(y.op.primitive, y.from.map(go))
      if (y.op.tag !== 'iota') return y
      const { offset, terms } = view.reads[y.op.axis]!
      const steps = terms.map(({ axis, step }) => apply('mul', [constant(step), iota(axis, shape[axis]!)]))
      return steps.reduce<Value>((sum, step) => apply('add', [sum, step]), constant(offset))
    }
    return go(x)
  }
  const view: Builder['view'] = (x, how, shape) => {
    if (x.free) return inside(substitute(x, how, shape), how.guards, shape)
    if (x.op.tag === 'view') {
      const [source] = x.from
      const direct = compose(how, x.op.view, shape)
      return direct === undefined ? view(copy(x, x.shape), how, shape) : direct === 'nothing' ? constant(0) : view(source!, direct, shape)
    }
    return identity(how, x.shape, shape) ? x : make({ tag: 'view', view: how }, [x], shape)
  }
  const later: Builder['later'] = (x, after) => {
    if (x.free || x.op.tag === 'input') return x
    const source = x.op.tag === 'view' ? copy(x, x.shape) : x
    return make({ tag: 'view', view: unchanged(x.shape) }, [source, after], x.shape)
  }
  const rebuild: Builder['rebuild'] = (x, from) => (x.op.tag === 'primitive' ? apply(x.op.primitive, from) : make(x.op, from, x.shape))
  return { make, fresh, rebuild, words, constant, iota, apply, reduce, copy, view, later, inside }
}

/** All axes; usually those of one of them, and then that very object. */
const union = (xs: readonly Value[]): Shape => {
  const widest = xs.reduce((x, y) => (y.axes.length > x.axes.length ? y : x))
  const whole = xs.every((x) => x === widest || x.axes.every((axis) => has(widest, axis)))
  return whole ? widest.shape : Object.assign({}, ...xs.map((x) => x.shape))
}
const commutative: ReadonlySet<Primitive> = new Set<Primitive>(['add', 'mul', 'max', 'equal'])
const constantsFirst = (x: Value, y: Value): number => Number(y.op.tag === 'constant') - Number(x.op.tag === 'constant') || x.id - y.id
export const literal = ({ op }: Value): number | undefined => (op.tag === 'constant' ? op.value : undefined)
/** y when x is −1 · y. */
const opposite = ({ op, from }: Value): Value | undefined =>
  op.tag === 'primitive' && op.primitive === 'mul' && literal(from[0]!) === -1 ? from[1] : undefined
const label = (op: Operation): string =>
  op.tag === 'primitive' ? op.primitive : op.tag === 'constant' ? `#${Object.is(op.value, -0) ? '-0' : op.value}` : JSON.stringify(op)
const needsShape = ({ tag }: Operation): boolean =>
  tag === 'iota' || tag === 'view' || tag === 'scatter' || tag === 'copy' || tag === 'random' || tag === 'update' || tag === 'accumulate'
