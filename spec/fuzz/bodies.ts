/**
 * Random value functions: trees of primitives with constants of any size, undefined here and there; and functions that are nearly HALOs,
 * sums of pieces that are monotone and concave, glued at kinks of any scale, of which some are bent the wrong way.
 */
import fc from 'fast-check'
import type { Primitive, Scalar, Unary } from '../../core/index.ts'
import { applyPrimitive } from '../../core/internal.ts'

export type Tree = { readonly constant: number } | 'z' | readonly [primitive: Primitive, ...args: Tree[]]

/** The tree in the scalar language. */
export const bodyOf =
  (tree: Tree): Unary =>
  (S) =>
  (z) =>
    made(S, z, tree)
const made = <A>(S: Scalar<A>, z: A, tree: Tree): A => {
  if (tree === 'z') return z
  if ('constant' in tree) return S.of(tree.constant)
  const [primitive, ...args] = tree as readonly [Primitive, ...Tree[]] // the only kind left
  return applyPrimitive(
    S,
    primitive,
    args.map((arg) => made(S, z, arg)),
  )
}
export const constantsOf = (tree: Tree): readonly number[] =>
  tree === 'z' ? [] : 'constant' in tree ? [tree.constant] : (tree.slice(1) as Tree[]).flatMap(constantsOf)

const constant = (n: number): Tree => ({ constant: n })
const ordinary = fc.constantFrom(0, 1, -1, 0.5, -0.5, 2, -2, 3, 0.1, 1 / 3, 10)
const extreme = fc.constantFrom(1e-5, 1e5, 1e14, -1e14, 1e-14, 1e200, 1e-200, Number.MAX_VALUE, Number.MIN_VALUE, 1e4, -1e4, 700, -800)
const broken = fc.constantFrom(Number.NaN, Infinity, -Infinity)
const number = fc.oneof(
  { weight: 10, arbitrary: ordinary },
  { weight: 3, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
  { weight: 2, arbitrary: extreme },
)
const leaf: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Tree>('z') },
  { weight: 3, arbitrary: fc.oneof({ weight: 30, arbitrary: number }, { weight: 1, arbitrary: broken }).map(constant) },
)
const unary = fc.constantFrom<Primitive>('exp', 'log', 'sqrt', 'tanh', 'expm1', 'log1p', 'sigmoid', 'softplus')
const binary = fc.constantFrom<Primitive>('add', 'sub', 'mul', 'div', 'max', 'max', 'add', 'mul')
const compared = fc.constantFrom<Primitive>('less', 'less', 'equal')

/** Any tree. */
const wild: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 2, arbitrary: leaf },
    { weight: 3, arbitrary: fc.tuple(unary, tie('tree')).map(([f, x]): Tree => [f, x]) },
    { weight: 5, arbitrary: fc.tuple(binary, tie('tree'), tie('tree')).map(([f, x, y]): Tree => [f, x, y]) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(compared, tie('tree'), tie('tree'), tie('tree'), tie('tree'))
        .map(([f, a, b, x, y]): Tree => ['where', [f, a, b], x, y]),
    },
  ),
})).tree

const minus = (x: Tree): Tree => ['mul', constant(-1), x]
const lesser = (x: Tree, y: Tree): Tree => minus(['max', minus(x), minus(y)])
const plus = (x: Tree, n: number): Tree => ['add', x, constant(n)]
/** Monotone pieces, most of them concave on gains. */
const pieces: readonly ((x: Tree) => Tree)[] = [
  (x) => x,
  (x) => ['sigmoid', x],
  (x) => minus(['softplus', minus(x)]),
  (x) => ['tanh', x],
  (x) => minus(['exp', minus(x)]),
  (x) => lesser(x, constant(1)),
  (x) => ['log1p', ['max', x, constant(0)]],
  (x) => ['sqrt', ['max', x, constant(0)]],
  (x) => ['exp', ['mul', constant(0.88), ['log', ['max', x, constant(0)]]]],
  (x) => ['softplus', x],
  (x) => ['max', x, constant(0)],
  (x) => minus(['mul', ['max', constant(0), minus(x)], ['max', constant(0), minus(x)]]),
]
const scale = fc.oneof(fc.constantFrom(1, 2, 0.5, 0.1, 1e-3, 100), fc.double({ min: 0.01, max: 5, noNaN: true }))
const piece: fc.Arbitrary<Tree> = fc
  .tuple(fc.constantFrom(...pieces), scale, scale, fc.oneof(fc.constant(0), fc.constant(0), number))
  .map(([v, a, b, c]): Tree => ['mul', constant(a), v(plus(['mul', constant(b), 'z'], c))])
/** Glued at k, where the second piece starts from the first's value; or, now and then, jumps. */
const glued: fc.Arbitrary<Tree> = fc
  .tuple(number, scale, scale, fc.constantFrom(0, 0, 0, 1e-12, -1e-12, 1, -1), compared)
  .map(([k, a, b, jump, f]): Tree => {
    const x: Tree = ['sub', 'z', constant(k)]
    return ['where', [f, 'z', constant(k)], ['mul', constant(a), x], plus(['mul', constant(b), x], jump)]
  })
const nearly: fc.Arbitrary<Tree> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 4, arbitrary: piece }, { weight: 1, arbitrary: glued }), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(0, 0, 0, -0.1, -1e-6),
  )
  .map(([parts, tilt]): Tree => {
    const sum = parts.reduce((x, y): Tree => ['add', x, y])
    return tilt === 0 ? sum : ['add', sum, ['mul', constant(tilt), 'z']]
  })

export const trees: fc.Arbitrary<Tree> = fc.oneof({ weight: 1, arbitrary: wild }, { weight: 1, arbitrary: nearly })
