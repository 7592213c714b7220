/**
 * The scalar language.
 *
 * A body is a function polymorphic in `A`, the type of scalars: `<A>(S: Scalar<A>) => (x: A) => A`.
 * Interpreted at numbers it computes; at duals it differentiates; at tensors it builds an expression graph;
 * at strings it prints a kernel; at intervals it proves a bound. One text, many interpretations.
 *
 * After Carette, Kiselyov & Shan, "Finally Tagless, Partially Evaluated" (2009).
 */
import { refusingUnknown } from './unknown-primitive.ts'

/** An interpretation of the scalar language: what each primitive means at values of type A. */
export interface Scalar<A> {
  /** A number; `single`: what it is where numbers are float32, if that is another one (the largest exponent, say). */
  readonly of: (n: number, single?: number) => A
  readonly add: (x: A, y: A) => A
  readonly sub: (x: A, y: A) => A
  readonly mul: (x: A, y: A) => A
  readonly div: (x: A, y: A) => A
  readonly max: (x: A, y: A) => A
  readonly exp: (x: A) => A
  readonly log: (x: A) => A
  readonly sqrt: (x: A) => A
  readonly sin: (x: A) => A
  readonly cos: (x: A) => A
  readonly tanh: (x: A) => A
  /** eˣ − 1, without cancellation at 0. */
  readonly expm1: (x: A) => A
  /** log(1 + x), without cancellation at 0. */
  readonly log1p: (x: A) => A
  /** σ(x) = 1 / (1 + e⁻ˣ), without overflow. */
  readonly sigmoid: (x: A) => A
  /** log(1 + eˣ), without overflow. log σ(x) = −softplus(−x). */
  readonly softplus: (x: A) => A
  /** The error function: 2/√π ∫₀ˣ e^(−t²) dt. */
  readonly erf: (x: A) => A
  /** 1 where x < y, else 0. */
  readonly less: (x: A, y: A) => A
  /** 1 where x = y, else 0. */
  readonly equal: (x: A, y: A) => A
  /** x where p ≠ 0, else y. */
  readonly where: (p: A, x: A, y: A) => A
}

/** The primitives of the language: everything but the numerals. */
export type Primitive = Exclude<keyof Scalar<unknown>, 'of'>

/** The text of a scalar function of one argument, for every interpretation `S`: `(S) => (x) => S.mul(x, S.sigmoid(x))`. */
export type Unary = <A>(S: Scalar<A>) => (x: A) => A
/** The text of a scalar function of two arguments, for every interpretation `S`: `(S) => (x, y) => S.sqrt(S.add(S.mul(x, x), S.mul(y, y)))`. */
export type Binary = <A>(S: Scalar<A>) => (x: A, y: A) => A
/** The text of a scalar function of three arguments, for every interpretation `S`: `(S) => (p, x, y) => S.where(p, x, y)`. */
export type Ternary = <A>(S: Scalar<A>) => (x: A, y: A, z: A) => A

/**
 * The language interpreted at numbers: the meaning of every primitive, in double precision.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * console.log(numbers.sigmoid(0)) // 0.5
 * ```
 */
export const numbers: Scalar<number> = refusingUnknown<Scalar<number>>({
  of: (n) => n,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: (x, y) => Math.max(x, y),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  expm1: Math.expm1,
  log1p: Math.log1p,
  sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf: (x) => errorFunction(x),
  less: (x, y) => (x < y ? 1 : 0),
  equal: (x, y) => (x === y ? 1 : 0),
  where: (p, x, y) => (p !== 0 ? x : y),
})

/** erf(x) = 2/√π · e^(−x²) · Σₙ 2ⁿ x^(2n+1) / (2n+1)!!: every term has the sign of x, so nothing cancels. */
const errorFunction = (x: number): number => {
  if (!(Math.abs(x) < 6)) return Number.isNaN(x) ? x : Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 2 ** -54; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/**
 * The names of all primitives: every interpretation that treats them alike is made from this list.
 * @example
 * ```ts
 * import { primitives } from 'halograd/core'
 * console.log(primitives.includes('softplus')) // true
 * ```
 */
export const primitives = Object.keys(numbers).filter((name) => name !== 'of') as Primitive[] // keyof numbers is keyof Scalar

/**
 * An interpretation that treats all primitives alike, given what a number means and what a primitive means on its arguments. A body that
 * uses a primitive which the language lacks gets an UnknownPrimitiveError.
 * @example
 * ```ts
 * import { interpretation, type Unary } from 'halograd/core'
 * const text = interpretation<string>(String, (primitive, args) => `${primitive}(${args.join(', ')})`)
 * const silu: Unary = (S) => (x) => S.mul(x, S.sigmoid(x))
 * console.log(silu(text)('x')) // mul(x, sigmoid(x))
 * ```
 */
export const interpretation = <A>(
  of: (n: number, single?: number) => A,
  apply: (primitive: Primitive, args: readonly A[]) => A,
): Scalar<A> =>
  // Every primitive of the interface gets a function of its own arity; the type checker cannot follow a table built by a loop.
  refusingUnknown(
    Object.assign({ of }, ...primitives.map((primitive) => ({ [primitive]: (...args: A[]) => apply(primitive, args) }))) as Scalar<A>,
  )

/** Apply a primitive by name. */
export const applyPrimitive = <A>(S: Scalar<A>, primitive: Primitive, args: readonly A[]): A =>
  // The arity is that of the primitive; `args` was built for it.
  (S[primitive] as (...xs: readonly A[]) => A)(...args)

/**
 * The derivative of each primitive, beside its name: what a rate of change `g` of the result contributes to each argument.
 * Phrased in terms of the result `r` where that is cheaper or keeps the tails exact; `undefined` where nothing flows.
 */
const vjpRules: {
  readonly [W in Primitive]: <A>(S: Scalar<A>, g: A, r: A, x: A, y: A) => readonly (A | undefined)[]
} = {
  add: (_, g) => [g, g],
  sub: (S, g) => [g, negate(S, g)],
  mul: (S, g, _, x, y) => [S.mul(g, y), S.mul(g, x)],
  div: (S, g, r, _, y) => [S.div(g, y), negate(S, S.div(S.mul(g, r), y))],
  max: (S, g, _, x, y) => {
    const half = S.where(S.equal(x, y), S.mul(S.of(0.5), g), S.of(0))
    return [S.where(S.less(y, x), g, half), S.where(S.less(x, y), g, half)]
  },
  exp: (S, g, r) => [S.mul(g, r)],
  log: (S, g, _, x) => [S.div(g, x)],
  sqrt: (S, g, r) => [S.div(S.mul(S.of(0.5), g), r)],
  sin: (S, g, _, x) => [S.mul(g, S.cos(x))],
  cos: (S, g, _, x) => [negate(S, S.mul(g, S.sin(x)))],
  tanh: (S, g, r) => [S.mul(g, S.mul(S.sub(S.of(1), r), S.add(S.of(1), r)))],
  expm1: (S, g, r) => [S.mul(g, S.add(S.of(1), r))],
  log1p: (S, g, _, x) => [S.div(g, S.add(S.of(1), x))],
  sigmoid: (S, g, r, x) => [S.mul(g, S.mul(r, S.sigmoid(negate(S, x))))],
  softplus: (S, g, _, x) => [S.mul(g, S.sigmoid(x))],
  erf: (S, g, _, x) => [S.mul(g, S.mul(S.of(2 / Math.sqrt(Math.PI)), S.exp(negate(S, S.mul(x, x)))))],
  less: () => [],
  equal: () => [],
  where: (S, g, _, p) => [undefined, S.where(p, g, S.of(0)), S.where(p, S.of(0), g)],
}
const negate = <A>(S: Scalar<A>, x: A): A => S.mul(S.of(-1), x)

/** g · ∂primitive/∂xᵢ for every argument i, given the result. */
export const vjpRule = <A>(S: Scalar<A>, primitive: Primitive, g: A, result: A, args: readonly A[]): readonly (A | undefined)[] =>
  vjpRules[primitive](S, g, result, args[0]!, args[1]!)

/** A value and its rate of change: the numbers of forward-mode differentiation (see `dual`). */
export interface Dual<A> {
  readonly primal: A
  readonly tangent: A
}

/**
 * Forward mode, as an interpretation: values with their rates of change, by the same rules that reverse mode uses.
 * @example
 * ```ts
 * import { dual, numbers } from 'halograd/core'
 * const S = dual(numbers)
 * const x = { primal: 3, tangent: 1 }
 * console.log(S.mul(x, x)) // { primal: 9, tangent: 6 }
 * ```
 */
export const dual = <A>(S: Scalar<A>): Scalar<Dual<A>> =>
  interpretation(
    (n, single) => ({ primal: S.of(n, single), tangent: S.of(0) }),
    (primitive, args) => {
      const primals = args.map((x) => x.primal)
      const value = applyPrimitive(S, primitive, primals)
      const tangent = args.reduce<A | undefined>((total, x, i) => {
        const contribution = vjpRule(S, primitive, x.tangent, value, primals)[i]
        return contribution === undefined ? total : total === undefined ? contribution : S.add(total, contribution)
      }, undefined)
      return { primal: value, tangent: tangent ?? S.of(0) }
    },
  )

/**
 * The derivative of a scalar function of one argument. Again a body: the language is closed under differentiation.
 * @example
 * ```ts
 * import { derivative, numbers, type Unary } from 'halograd/core'
 * const cube: Unary = (S) => (x) => S.mul(x, S.mul(x, x))
 * console.log(derivative(cube)(numbers)(2)) // 12
 * console.log(derivative(derivative(cube))(numbers)(2)) // 12
 * ```
 */
export const derivative =
  (body: Unary): Unary =>
  (S) =>
  (x) =>
    body(dual(S))({ primal: x, tangent: S.of(1) }).tangent
