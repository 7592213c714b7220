/**
 * Expressions on boxes: bounds of the value, and of the first and second derivative with respect to one variable, by the chain rule:
 *
 *     (f ∘ x)″ = f″(x) x′² + f′(x) x″
 *
 * At a kink the slope is the hull of both sides' and the curvature is unbounded on the side to which it bends. A jump has no bounds.
 */
import * as F from './functions.ts'
import * as I from './interval.ts'

/** An operation on earlier nodes, a leaf (the name of a variable) or a constant (a double, exactly). */
export type Node = readonly ['leaf', string] | readonly [op: string, ...args: number[]]
export type Range = Readonly<Record<string, I.Interval>>
export interface Jet {
  readonly value: I.Interval
  readonly slope: I.Interval
  readonly curvature: I.Interval
}

const { add, sub, mul, negate, square, reciprocal, of, everything, nothing, hull, unit } = I
const two = of(2)
const still = (value: I.Interval): Jet => ({ value, slope: nothing, curvature: nothing })
const jump = (value: I.Interval): Jet => ({ value, slope: everything, curvature: everything })
const bell = (x: I.Interval): I.Interval => mul(F.sigmoid(x), F.sigmoid(negate(x)))

/** f, f′ and f″. */
const smooth: Readonly<Record<string, (x: I.Interval) => readonly [I.Interval, I.Interval, I.Interval]>> = {
  exp: (x) => [F.exp(x), F.exp(x), F.exp(x)],
  expm1: (x) => [F.expm1(x), F.exp(x), F.exp(x)],
  log: (x) => [F.log(x), reciprocal(x), negate(square(reciprocal(x)))],
  log1p: (x) => smooth.log!(add(unit, x)),
  sigmoid: (x) => [F.sigmoid(x), bell(x), mul(bell(x), F.tanh(mul(of(-0.5), x)))],
  softplus: (x) => [F.softplus(x), F.sigmoid(x), bell(x)],
  tanh: (x) => [F.tanh(x), mul(of(4), bell(mul(two, x))), mul(of(-8), mul(bell(mul(two, x)), F.tanh(x)))],
  reciprocal: (x) => [reciprocal(x), negate(square(reciprocal(x))), mul(two, mul(square(reciprocal(x)), reciprocal(x)))],
}
/** How many arguments each operation takes. */
export const arity: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.keys(smooth).map((op) => [op, 1])),
  ...{ sqrt: 1, add: 2, sub: 2, mul: 2, div: 2, max: 2, min: 2, power: 2, less: 2, equal: 2, where: 3 },
}

const chain = ([value, first, second]: readonly I.Interval[], x: Jet): Jet => ({
  ...{ value: value!, slope: mul(first!, x.slope) },
  curvature: add(mul(second!, square(x.slope)), mul(first!, x.curvature)),
})
const each = (f: (x: I.Interval, y: I.Interval) => I.Interval, x: Jet, y: Jet = x): Jet => ({
  ...{ value: f(x.value, y.value), slope: f(x.slope, y.slope), curvature: f(x.curvature, y.curvature) },
})
const product = (x: Jet, y: Jet): Jet => {
  if (x === y) return chain([square(x.value), mul(two, x.value), two], x)
  const [value, slope] = [mul(x.value, y.value), add(mul(x.slope, y.value), mul(x.value, y.slope))]
  const ends = add(mul(x.curvature, y.value), mul(x.value, y.curvature))
  return { value, slope, curvature: add(ends, mul(two, mul(x.slope, y.slope))) }
}

/**
 * Bounds of a node on a box. `edge`: whether the box is looked at from its surroundings, too, so that arguments of a maximum that touch at
 * an end are a kink; else they are told apart by what they are inside the box.
 */
export const jetOf = (nodes: readonly Node[], root: number, box: Range, moving: string, edge: boolean): Jet => {
  const known = new Map<number, Jet>()
  const at = (i: number): Jet => {
    const jet = known.get(i) ?? make(nodes[i]!)
    known.set(i, jet)
    return jet
  }
  const larger = (x: Jet, y: Jet): Jet => {
    const over = (a: Jet, b: Jet): boolean => (edge ? a.value.low > b.value.high : a.value.low >= b.value.high)
    if (over(x, y) || x === y) return x
    if (over(y, x)) return y
    const [low, high] = [I.greatest(x.value.low, y.value.low), I.greatest(x.value.high, y.value.high)]
    const value = I.interval(low, high, I.above0(x.value) || I.above0(y.value))
    return { value, slope: hull(x.slope, y.slope), curvature: { ...hull(x.curvature, y.curvature), high: I.infinity, nonzero: false } }
  }
  /** xᶜ, whose slope at 0 may be infinite. */
  const power = (x: Jet, c: I.Interval, value = F.power(x.value, c)): Jet => {
    if (edge && !x.value.nonzero) return jump(value)
    const [inside, less] = [{ ...x.value, nonzero: true }, sub(c, unit)]
    return chain([value, mul(c, F.power(inside, less)), mul(mul(c, less), F.power(inside, sub(less, unit)))], x)
  }
  /** x and c, where the node is c log x, and x is never 0. */
  const logarithm = (i: number): readonly [Jet, I.Interval] | undefined => {
    const [op, a, b] = nodes[i]!
    for (const [c, other] of [
      [a, b],
      [b, a],
    ] as readonly (readonly [number, number])[])
      if (op === 'mul' && nodes[c]![0] === 'constant' && nodes[other]![0] === 'log') return [at(nodes[other]![1] as number), at(c).value]
    return undefined
  }
  const make = (node: Node): Jet => {
    if (node[0] === 'leaf') {
      const value = box[node[1]]
      if (value === undefined) throw new I.Rejected(`'${node[1]}' has no domain`)
      return node[1] === moving ? { value, slope: unit, curvature: nothing } : still(value)
    }
    const [op, a, b, c] = node as readonly [string, number, number, number]
    switch (op) {
      case 'constant':
        return still(of(a))
      case 'add':
        return each(add, at(a), at(b))
      case 'sub':
        return a === b ? still(nothing) : each(sub, at(a), at(b))
      case 'mul':
        return product(at(a), at(b))
      case 'div':
        return product(at(a), chain(smooth.reciprocal!(at(b).value), at(b)))
      case 'max':
        return larger(at(a), at(b))
      case 'min':
        return each(negate, larger(each(negate, at(a)), each(negate, at(b))))
      case 'sqrt':
        return power(at(a), of(0.5), F.sqrt(at(a).value))
      case 'power':
        if (nodes[b]![0] !== 'constant') throw new I.Rejected('a power whose exponent is not a constant')
        return power(at(a), at(b).value)
      case 'exp':
        return logarithm(a) ? power(...logarithm(a)!) : chain(smooth.exp!(at(a).value), at(a))
      case 'less':
      case 'equal': {
        const truth = a === b ? of(op === 'less' ? 0 : 1) : (op === 'less' ? I.less : I.equal)(at(a).value, at(b).value)
        return I.isPoint(truth) ? still(truth) : jump(truth)
      }
      case 'where':
        if (at(a).value.nonzero) return at(b)
        return I.isPoint(at(a).value) ? at(c) : jump(hull(at(b).value, at(c).value))
      default:
        return chain(smooth[op]!(at(a).value), at(a))
    }
  }
  return at(root)
}
