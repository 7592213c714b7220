/**
 * Expressions, read at any scalar language: the element at a place is a body in the elements of the leaves. So what a loss computes
 * is also what is enclosed by intervals, printed, or traced to the numbers that it looks at, without a second text.
 *
 *     (x + y)[i] = x[i] + y[i],   (Σⱼ x)[i] = x[i, 0] + x[i, 1] + …
 */
import { type AnyTensor, axesOf, type Scalar } from '../core/index.ts'
import { applyPrimitive } from '../core/internal.ts'

/** A position on each axis. Positions on axes that an expression does not have are of no account. */
export type ElementIndex = Readonly<Record<string, number>>

/** Read elements, given those of the leaves. @throws TypeError for movements that no loss is made of */
export const elements = <A>(S: Scalar<A>, leaf: (x: AnyTensor, place: ElementIndex) => A): ((x: AnyTensor, place?: ElementIndex) => A) => {
  const known = new Map<string, A>()
  const at = (x: AnyTensor, place: ElementIndex): A => {
    const key = `${x.id}:${axesOf(x).map((axis) => place[axis])}`
    const before = known.get(key)
    if (before !== undefined) return before
    const value = make(x, place)
    known.set(key, value)
    return value
  }
  const make = (x: AnyTensor, place: ElementIndex): A => {
    const { op } = x
    const inner = x.from[0]!
    switch (op.tag) {
      case 'constant':
        return S.of(op.value)
      case 'iota':
        return S.of(place[op.axis]!)
      case 'primitive':
        return applyPrimitive(
          S,
          op.primitive,
          x.from.map((y) => at(y, place)),
        )
      case 'reduce':
        return places(op.over, inner, place)
          .map((where) => at(inner, where))
          .reduce((a, b) => merge(S)[op.merge](a, b))
      case 'rename':
        return at(inner, { ...place, [op.from]: place[op.to]! })
      case 'stridedSlice': {
        const source = op.offset + op.step * place[op.axis]!
        return source >= 0 && source < inner.shape[op.axis]! ? at(inner, { ...place, [op.axis]: source }) : S.of(0)
      }
      case 'broadcastTo':
      case 'variable':
      case 'stop':
        return at(inner, place)
      case 'input':
      case 'data':
        return leaf(x, place)
      default:
        throw new TypeError(`no element of '${op.tag}' can be read: losses are made of words, sums, comparisons and slices`)
    }
  }
  return (x, place = {}) => at(x, place)
}

const merge = <A>(S: Scalar<A>) => ({
  sum: S.add,
  max: S.max,
  logSumExp: (a: A, b: A): A => S.add(a, S.softplus(S.sub(b, a))),
})
/** All places that differ from this one on the axes that are reduced. */
const places = (over: readonly string[], { shape }: AnyTensor, place: ElementIndex): readonly ElementIndex[] =>
  over.reduce<readonly ElementIndex[]>(
    (all, axis) => all.flatMap((where) => Array.from({ length: shape[axis]! }, (_, i) => ({ ...where, [axis]: i }))),
    [place],
  )
