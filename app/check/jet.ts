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
export type CertificateNode = readonly ['leaf', string] | readonly [op: string, ...args: number[]]
export type CheckedRange = Readonly<Record<string, I.RationalInterval>>
export type RationalJet = Readonly<Record<'value' | 'slope' | 'curvature', I.RationalInterval>>

const { add, sub, mul, negate, square, reciprocal, of, everything, nothing, hull, unit } = I
const two = of(2)
const still = (value: I.RationalInterval): RationalJet => ({ value, slope: nothing, curvature: nothing })
const jump = (value: I.RationalInterval): RationalJet => ({ value, slope: everything, curvature: everything })
const bell = (x: I.RationalInterval): I.RationalInterval => mul(F.sigmoid(x), F.sigmoid(negate(x)))
/** f, f′ and f″. */
const smooth: Readonly<Record<string, (x: I.RationalInterval) => readonly [I.RationalInterval, I.RationalInterval, I.RationalInterval]>> = {
  exp: (x) => [F.exp(x), F.exp(x), F.exp(x)],
  expm1: (x) => [F.expm1(x), F.exp(x), F.exp(x)],
  log: (x) => [F.log(x), reciprocal(x), negate(square(reciprocal(x)))],
  log1p: (x) => smooth.log!(add(unit, x)),
  sigmoid: (x) => [F.sigmoid(x), bell(x), mul(bell(x), F.tanh(mul(of(-0.5), x)))],
  softplus: (x) => [F.softplus(x), F.sigmoid(x), bell(x)],
  tanh: (x) => [F.tanh(x), mul(of(4), bell(mul(two, x))), mul(of(-8), mul(bell(mul(two, x)), F.tanh(x)))],
  reciprocal: (x) => [reciprocal(x), negate(square(reciprocal(x))), mul(two, mul(square(reciprocal(x)), reciprocal(x)))],
}

const applied = (op: string, x: RationalJet): RationalJet => {
  const [value, first, second] = smooth[op]!(x.value)
  // (eˣ)″ = eˣ (x′² + x″): the sign of the sum is known where those of its products are lost.
  const factored = op === 'exp' || op === 'expm1' ? mul(first, add(square(x.slope), x.curvature)) : undefined
  return { ...chain([value, first, second], x), ...(factored && { curvature: factored }) }
}
const chain = ([value, first, second]: readonly I.RationalInterval[], x: RationalJet): RationalJet => {
  return { value: value!, slope: mul(first!, x.slope), curvature: add(mul(second!, square(x.slope)), mul(first!, x.curvature)) }
}
const each = (f: (x: I.RationalInterval, y: I.RationalInterval) => I.RationalInterval, x: RationalJet, y: RationalJet = x): RationalJet => {
  return { value: f(x.value, y.value), slope: f(x.slope, y.slope), curvature: f(x.curvature, y.curvature) }
}
const product = (x: RationalJet, y: RationalJet): RationalJet => {
  if (x === y) return chain([square(x.value), mul(two, x.value), two], x)
  const [value, slope] = [mul(x.value, y.value), add(mul(x.slope, y.value), mul(x.value, y.slope))]
  const ends = add(mul(x.curvature, y.value), mul(x.value, y.curvature))
  return { value, slope, curvature: add(ends, mul(two, mul(x.slope, y.slope))) }
}
const larger = (x: RationalJet, y: RationalJet, edge: boolean): RationalJet => {
  const over = (a: RationalJet, b: RationalJet): boolean => (edge ? a.value.low > b.value.high : a.value.low >= b.value.high)
  if (over(x, y) || x === y) return x
  if (over(y, x)) return y
  const value = I.interval(I.greatest(x.value.low, y.value.low), I.greatest(x.value.high, y.value.high))
  return { value, slope: hull(x.slope, y.slope), curvature: { ...hull(x.curvature, y.curvature), high: I.infinity, nonzero: false } }
}
const truth = (value: I.RationalInterval): RationalJet => (I.isPoint(value) ? still : jump)(value)
const binary: Readonly<Record<string, (x: RationalJet, y: RationalJet, edge: boolean) => RationalJet>> = {
  add: (x, y) => each(add, x, y),
  sub: (x, y) => each(sub, x, y),
  mul: product,
  div: (x, y) => product(x, applied('reciprocal', y)),
  max: larger,
  min: (x, y, edge) => each(negate, larger(each(negate, x), each(negate, y), edge)),
  less: (x, y) => truth(x === y ? nothing : I.less(x.value, y.value)),
  equal: (x, y) => truth(x === y ? unit : I.equal(x.value, y.value)),
}
/** xᶜ, whose slope at 0 may be infinite. */
const power = (x: RationalJet, c: I.RationalInterval, edge: boolean): RationalJet => {
  const [value, inside, less] = [F.power(x.value, c), { ...x.value, nonzero: true }, sub(c, unit)]
  if (edge && !x.value.nonzero) return jump(value)
  return chain([value, mul(c, F.power(inside, less)), mul(mul(c, less), F.power(inside, sub(less, unit)))], x)
}
/** How many arguments each operation takes. */
export const arity: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.keys(smooth).map((op) => [op, 1])),
  ...Object.fromEntries(Object.keys(binary).map((op) => [op, 2])),
  ...{ sqrt: 1, power: 2, where: 3 },
}

/** Bounds of a node on a box. `edge`: it is looked at from outside, too, so that arguments of a maximum that touch at an end are a kink. */
export const jetOf = (nodes: readonly CertificateNode[], root: number, box: CheckedRange, moving: string, edge: boolean): RationalJet => {
  const known = new Map<number, RationalJet>()
  const at = (i: number): RationalJet => {
    const jet = known.get(i) ?? make(nodes[i]!)
    known.set(i, jet)
    return jet
  }
  const fixed = (i: number): boolean => nodes[i]![0] === 'constant' || (nodes[i]![0] === 'leaf' && nodes[i]![1] !== moving)
  /** x and c, where the node is c log x, and x is never 0. */
  const logarithm = (i: number): readonly [RationalJet, I.RationalInterval] | undefined => {
    const [op, a, b] = nodes[i] as readonly [string, number, number]
    const [c, other] = op === 'mul' && fixed(b) ? [b, a] : [a, b]
    return op === 'mul' && fixed(c) && nodes[other]![0] === 'log' ? [at(nodes[other]![1] as number), at(c).value] : undefined
  }
  const make = (node: CertificateNode): RationalJet => {
    const [op, a, b, c] = node as readonly [string, number, number, number] // but for leaves
    if (node[0] === 'leaf') {
      const value = box[node[1]]
      I.ensure(value !== undefined, `'${node[1]}' has no domain`)
      return node[1] === moving ? { value, slope: unit, curvature: nothing } : still(value)
    }
    if (op === 'constant') return still(of(a))
    if (op === 'where' && at(a).value.nonzero) return at(b)
    if (op === 'where') return I.isPoint(at(a).value) ? at(c) : jump(hull(at(b).value, at(c).value))
    if (op === 'power') {
      I.ensure(fixed(b), 'a power whose exponent is not a constant')
      return power(at(a), at(b).value, edge)
    }
    const exponent = op === 'exp' ? logarithm(a) : undefined
    if (exponent !== undefined || op === 'sqrt') return power(...(exponent ?? ([at(a), of(0.5)] as const)), edge)
    return Object.hasOwn(binary, op) ? binary[op]!(at(a), at(b), edge) : applied(op, at(a))
  }
  return at(root)
}
