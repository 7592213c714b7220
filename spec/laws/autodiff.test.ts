/** The laws of differentiation, on the reference backend: exact on small integers, to rounding elsewhere. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { reference } from '../../backends/index.ts'
import {
  type AnyTensor,
  add,
  at,
  axesOf,
  broadcastTo,
  checkpoint,
  concatenate,
  cos,
  div,
  dot,
  dual,
  erf,
  exp,
  flatten,
  grad,
  iota,
  leaves,
  less,
  logSumExp,
  max,
  mean,
  mul,
  numbers,
  pad,
  reachable,
  read,
  rename,
  reverse,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  tensor,
  unflatten,
  valueAndGrad,
  vjp,
  where,
} from '../../core/index.ts'
import { constant, inner } from '../../core/internal.ts'

const backend = reference()
const numbersOf = async (x: AnyTensor): Promise<readonly number[]> => [...(await read(backend, x as Tensor<string>))]
const number = async (x: Tensor): Promise<number> => (await numbersOf(x))[0]!
const scalar = (x: number): Tensor => tensor({}, [x])
const close = (x: number, y: number, tolerance = 1e-9): boolean => Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y))
const integers = (n: number) => fc.array(fc.integer({ min: -8, max: 8 }), { minLength: n, maxLength: n })
/** Distinct, so that finite differences stay away from the ties of max. */
const distinct = (n: number) =>
  fc.uniqueArray(fc.integer({ min: -200, max: 200 }), { minLength: n, maxLength: n }).map((xs) => xs.map((x) => x / 100))

const cube = (x: Tensor): Tensor => mul(x, mul(x, x))
test('derivatives of any order: x³ → 3x² → 6x → 6 → 0', async () => {
  const [first, second, third, fourth] = [grad(cube), grad(grad(cube)), grad(grad(grad(cube))), grad(grad(grad(grad(cube))))]
  const values = [first, second, third, fourth].map((f) => number(f(scalar(2))))
  assert.deepEqual(await Promise.all(values), [12, 12, 6, 0])
})

test('no perturbation confusion: d/dx (x · d/dy (x + y)) = 1, and d/dx (x · d/dy (x · y)) = 2x', async () => {
  const nested = (f: (x: Tensor, y: Tensor) => Tensor) => grad((x: Tensor) => mul(x, grad((y: Tensor) => f(x, y))(scalar(1))))
  assert.equal(await number(nested(add)(scalar(3))), 1)
  assert.equal(await number(nested(mul)(scalar(3))), 6)
  // the same variable inside and outside: d/dx (x · (d/dx x²)(x)) = 4x
  assert.equal(await number(grad((x: Tensor) => mul(x, grad((y: Tensor) => mul(y, y))(x)))(scalar(3))), 12)
})

test('stopGradient is invisible forward and opaque backward', async () => {
  assert.equal(await number(grad((x: Tensor) => mul(x, stopGradient(x)))(scalar(5))), 5)
  assert.equal(await number(stopGradient(scalar(5))), 5)
  assert.equal(await number(grad((x: Tensor) => stopGradient(cube(x)))(scalar(5))), 0)
})

test('what is computed again has the same derivatives, of any order, and is computed from what was kept', async () => {
  const f = (x: Tensor): Tensor => {
    const first = checkpoint(mul(exp(x), x)) as Tensor
    const second = checkpoint(mul(sin(first), first)) as Tensor
    return mul(second, sin(second)) as Tensor
  }
  const derivative = (g: (x: Tensor) => Tensor, recompute: boolean) => (x: Tensor) => vjp(g, { recompute })(x)[1](constant(1))
  const x = tensor({}, [0.7])
  const of = (order: number, recompute: boolean): ((x: Tensor) => Tensor) =>
    order === 0 ? f : derivative(of(order - 1, recompute), recompute)
  for (const order of [1, 2, 3]) assert.ok(close(await number(of(order, true)(x)), await number(of(order, false)(x)), 1e-14))
  const kept = (recompute: boolean) =>
    reachable([derivative(f, recompute)(x)]).filter(({ op, from }) => op.tag === 'checkpoint' && from.length === 2)
  assert.deepEqual([kept(true).length, kept(false).length], [1, 0]) // up to the last one, which is not computed from again
})

test('linearity: ∇(a·f + b·g) = a·∇f + b·∇g, exactly on small integers', () =>
  fc.assert(
    fc.asyncProperty(integers(4), integers(2), async (x0, [a = 0, b = 0]) => {
      const x = tensor({ i: 4 }, x0)
      const f = (v: Tensor<'i'>): Tensor => sum(square(v), 'i')
      const g = (v: Tensor<'i'>): Tensor => sum(mul(v, iota('i', 4)), 'i')
      const both = await numbersOf(grad((v: Tensor<'i'>) => add(mul(a, f(v)), mul(b, g(v))))(x))
      const apart = await numbersOf(add(mul(a, grad(f)(x)), mul(b, grad(g)(x))))
      return both.every((n, i) => n === apart[i])
    }),
    { numRuns: 50 },
  ))

test('product and chain rule, exactly on small integers', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: -8, max: 8 }), async (n) => {
      const f = (x: Tensor): Tensor => sub(mul(x, x), 3)
      const g = (x: Tensor): Tensor => add(mul(2, x), 1)
      const x = scalar(n)
      const product = await number(grad((v: Tensor) => mul(f(v), g(v)))(x))
      const chain = await number(grad((v: Tensor) => f(g(v)))(x))
      return product === 2 * n * (2 * n + 1) + (n * n - 3) * 2 && chain === 2 * (2 * n + 1) * 2
    }),
  ))

// Linear maps: each with its adjoint, ⟨A x, y⟩ = ⟨x, Aᵀ y⟩, exactly on small integers.
const index = tensor({ row: 3 }, [2, 0, 2])
const linear: { readonly [name: string]: (x: Tensor<'i' | 'j'>) => AnyTensor } = {
  sum: (x) => sum(x, 'j'),
  mean: (x) => mul(mean(x, 'i'), 4),
  dot: (x) => dot(x, tensor({ j: 6, k: 2 }, [1, 2, 3, -4, 5, 6, -1, 0, 2, 2, 1, 1]), 'j'),
  rename: (x) => rename(x, 'j', 'k'),
  slice: (x) => slice(x, 'j', 2, 3),
  pad: (x) => pad(x, 'j', 1, 2),
  reverse: (x) => reverse(x, 'j'),
  concatenate: (x) => concatenate([x, mul(x, 2)], 'i'),
  split: (x) => unflatten(x, 'j', { a: 2, b: 3 }),
  join: (x) => flatten(x, ['j', 'i'], 'k'),
  'join of split': (x) => flatten(unflatten(x, 'j', { a: 2, b: 3 }), ['b', 'i', 'a'], 'k'),
  at: (x) => at(x, 'j', 3),
  gather: (x) => take(x, 'i', index),
  'gather twice': (x) => take(take(x, 'i', index), 'row', tensor({ i: 2 }, [1, 1])),
  select: (x) => take(x, 'j', tensor({ i: 4 }, [0, 5, 5, 2])),
  scatter: (x) => scatterAdd(x, tensor({ i: 4 }, [0, 2, 2, 1]), 'k', 3),
  conform: (x) => broadcastTo(x, { j: 6, k: 2, i: 4 }),
  mask: (x) => where(less(iota('j', 6), iota('i', 4)), 0, x),
}
for (const [name, map] of Object.entries(linear))
  test(`adjointness of ${name}: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩, exactly on small integers`, () =>
    fc.assert(
      fc.asyncProperty(integers(24), integers(96), async (x0, y0) => {
        const x = tensor({ i: 4, j: 6 }, x0)
        const [out, pullback] = vjp<AnyTensor, AnyTensor>((v) => map(v as Tensor<'i' | 'j'>))(x)
        const length = axesOf(out).reduce((n, axis) => n * out.shape[axis]!, 1)
        const y = tensor(out.shape, y0.slice(0, length))
        return (await number(inner(out, y))) === (await number(inner<AnyTensor>(x, pullback(y))))
      }),
      { numRuns: 20 },
    ))

test('dot is bilinear: its gradient is its rise, exactly on small integers', () =>
  fc.assert(
    fc.asyncProperty(integers(6), integers(12), integers(8), integers(6), async (a, b, c, d) => {
      const [x, y, w, dx] = [tensor({ i: 2, k: 3 }, a), tensor({ k: 3, j: 4 }, b), tensor({ i: 2, j: 4 }, c), tensor({ i: 2, k: 3 }, d)]
      const f = (v: Tensor<'i' | 'k'>): Tensor => sum(mul(dot(v, y, 'k'), w), 'i', 'j')
      return (await number(inner(grad(f)(x), dx))) === (await number(sub(f(add(x, dx)), f(x))))
    }),
    { numRuns: 30 },
  ))

// Smooth functions of a vector: reverse mode against finite differences, and against forward-mode duals where there is a scalar text.
const smooth: { readonly [name: string]: (x: Tensor<'i'>) => Tensor } = {
  softmax: (x) => sum(mul(softmax(x, 'i'), iota('i', 4)), 'i'),
  logSumExp: (x) => logSumExp(mul(3, x), 'i'),
  'layer norm': (x) => {
    const d = sub(x, mean(x, 'i'))
    return sum(mul(div(d, sqrt(add(mean(square(d), 'i'), 0.1))), sin(iota('i', 4))), 'i')
  },
  words: (x) => sum(mul(tanh(x), add(softplus(x), mul(erf(x), mul(cos(x), sigmoid(exp(x)))))), 'i'),
  attention: (x) => {
    const y = rename(x, 'i', 'k')
    return sum(mul(softmax(mul(x, y), 'k'), square(y)), 'i', 'k')
  },
  'largest entry': (x) => mul(max(x, 'i'), sum(x, 'i')),
  'a Hessian diagonal': (x) => sum(grad((v: Tensor<'i'>) => sum(mul(tanh(v), exp(v)), 'i'))(x), 'i'),
}
for (const [name, f] of Object.entries(smooth))
  test(`gradient of ${name} = finite differences`, () =>
    fc.assert(
      fc.asyncProperty(distinct(4), async (x0) => {
        const g = await numbersOf(grad(f)(tensor({ i: 4 }, x0)))
        const bumped = (i: number, h: number) =>
          number(
            f(
              tensor(
                { i: 4 },
                x0.map((x, j) => (i === j ? x + h : x)),
              ),
            ),
          )
        for (const [i, slope] of g.entries()) {
          const h = 1e-5
          if (!close(((await bumped(i, h)) - (await bumped(i, -h))) / (2 * h), slope, 1e-6)) return false
        }
        return true
      }),
      { numRuns: 15 },
    ))

test('reverse mode = forward-mode duals, for every smooth word', () =>
  fc.assert(
    fc.asyncProperty(fc.double({ min: -3, max: 3, noNaN: true }), async (x) => {
      const text = [sigmoid, softplus, tanh, erf, exp, sin, cos] as const
      const names = ['sigmoid', 'softplus', 'tanh', 'erf', 'exp', 'sin', 'cos'] as const
      for (const [i, f] of text.entries()) {
        const reverse = await number(grad((v: Tensor) => f(mul(v, v)))(scalar(x)))
        const D = dual(numbers)
        const v = { primal: x, tangent: 1 }
        if (!close(D[names[i]!](D.mul(v, v)).tangent, reverse, 1e-12)) return false
      }
      return true
    }),
  ))

test('a gradient has exactly the structure, axes and order of its parameters; an unused parameter has gradient 0', async () => {
  const parameters = { w: tensor({ i: 2, j: 3 }, [1, 2, 3, 4, 5, 6]), unused: [tensor({ k: 2 }, [1, 1])] }
  const [value, gradient] = valueAndGrad((p: typeof parameters) =>
    sum(rename(rename(rename(p.w, 'i', 't'), 'j', 'i'), 't', 'j'), 'i', 'j'),
  )(parameters)
  assert.equal(await number(value), 21)
  assert.deepEqual(
    leaves(gradient).map((g) => g.shape),
    [{ i: 2, j: 3 }, { k: 2 }],
  )
  assert.deepEqual(await Promise.all(leaves(gradient).map(numbersOf)), [
    [1, 1, 1, 1, 1, 1],
    [0, 0],
  ])
})

test('ties of max share the gradient', async () => {
  const f = (x: Tensor<'i'>): Tensor => max(x, 'i')
  assert.deepEqual(await numbersOf(grad(f)(tensor({ i: 4 }, [3, 1, 3, 2]))), [0.5, 0, 0.5, 0])
})
