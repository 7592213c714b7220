/**
 * The algebra by which expressions are simplified as they are made: one table of rules, for the nodes of core and for the values of a planner.
 *
 *     0 + x → x      1 · x → x      a · (b · x) → (a b) · x      where(1, x, y) → x      f(a, b) → its value, of numbers a and b
 *
 * `0 · x` is 0 even where x is not finite.
 */
import { applyPrimitive, numbers, type Primitive } from './scalar.ts'

/** An expression, whatever else it is made of. Later ones have larger numbers. */
export interface AlgebraTerm<A> {
  readonly id: number
  readonly op: { readonly tag: string; readonly value?: number; readonly single?: number; readonly primitive?: Primitive }
  readonly from: readonly A[]
}
/** How expressions are made. */
export interface TermBuilder<A> {
  readonly constant: (value: number) => A
  /** The primitive on its arguments, simplified. */
  readonly apply: (primitive: Primitive, args: readonly A[]) => A
}
/** What is equal to the primitive on these arguments, and simpler, if the rule finds it. Of commutative primitives, constants come first. */
type Rule<A> = (build: TermBuilder<A>, x: A, y: A, z: A) => A | undefined
/** For each primitive, its rules; the first that finds something counts. */
export type Rules<A> = { readonly [W in Primitive]?: readonly Rule<A>[] }
/** A rule for expressions of any kind. */
type AlgebraicIdentity = <A extends AlgebraTerm<A>>(build: TermBuilder<A>, x: A, y: A, z: A) => A | undefined

/** The number of a constant. */
export const literal = ({ op }: AlgebraTerm<unknown>): number | undefined => (op.tag === 'constant' ? op.value : undefined)
/** Where x is a · y: the number a. */
export const scaleOf = <A extends AlgebraTerm<A>>({ op, from }: A): number | undefined =>
  op.tag === 'primitive' && op.primitive === 'mul' ? literal(from[0]!) : undefined

/** What is equal on all numbers but for rounding of a product of constants, and for 0 · x and 0 / x. */
export const identities: { readonly [W in 'add' | 'sub' | 'mul' | 'div' | 'where']: readonly AlgebraicIdentity[] } = {
  add: [(_, x, y) => (literal(x) === 0 ? y : undefined)],
  sub: [(_, x, y) => (literal(y) === 0 ? x : undefined)],
  mul: [
    (build, x, y) => {
      const a = literal(x)
      if (a === undefined) return undefined
      if (a === 0 || a === 1) return a === 0 ? x : y
      const b = scaleOf(y)
      return b === undefined ? undefined : build.apply('mul', [build.constant(a * b), y.from[1]!])
    },
  ],
  div: [(_, x, y) => (literal(y) === 1 || literal(x) === 0 ? x : undefined)],
  where: [
    (_, condition, x, y) => {
      const known = literal(condition)
      return x === y || (known !== undefined && known !== 0) ? x : known === 0 ? y : undefined
    },
  ],
}

const commutative: ReadonlySet<Primitive> = new Set<Primitive>(['add', 'mul', 'max', 'equal'])
const constantsFirst = <A extends AlgebraTerm<A>>(x: A, y: A): number =>
  Number(y.op.tag === 'constant') - Number(x.op.tag === 'constant') || x.id - y.id

/** The primitive on its arguments by these rules; `make` is asked for what no rule makes simpler. */
export const simplified = <A extends AlgebraTerm<A>>(
  rules: Rules<A>,
  build: TermBuilder<A>,
  primitive: Primitive,
  given: readonly A[],
  make: (args: readonly A[]) => A,
): A => {
  const turn = commutative.has(primitive) && constantsFirst(given[0]!, given[1]!) > 0
  const args = turn ? [given[1]!, given[0]!] : given
  if (args.every(({ op }) => op.tag === 'constant')) {
    const values = args.map((x) => literal(x) ?? Number.NaN)
    return build.constant(applyPrimitive(numbers, primitive, values))
  }
  for (const rule of rules[primitive] ?? []) {
    const simpler = rule(build, args[0]!, args[1]!, args[2]!)
    if (simpler !== undefined) return simpler
  }
  return make(args)
}

/** What tells an operation on arguments from all others, for tables in which each is made once. `shape`: where neither says it. */
export const structuralKey = (
  op: AlgebraTerm<unknown>['op'],
  from: readonly { readonly id: number }[],
  shape?: Readonly<Record<string, number>>,
): string => {
  // In plain loops: it is asked for every expression that is made.
  let key = label(op)
  for (let i = 0; i < from.length; i++) key += `,${from[i]!.id}`
  for (const axis in shape) key += `;${axis}:${shape[axis]}`
  return key
}
const label = (op: AlgebraTerm<unknown>['op']): string =>
  op.tag === 'primitive'
    ? op.primitive!
    : op.tag === 'constant'
      ? `#${Object.is(op.value, -0) ? '-0' : op.value}/${op.single ?? ''}` // JSON has no −0, ∞ or NaN
      : JSON.stringify(op)
