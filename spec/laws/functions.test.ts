/** The named functions are their formulas, and have their identities; what simplification makes of an expression has all of its axes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { reference } from '../../backends/index.ts'
import {
  type AnyTensor,
  add,
  axesOf,
  broadcastTo,
  div,
  equal,
  gelu,
  iota,
  less,
  logSigmoid,
  maximum,
  minimum,
  mul,
  negate,
  numbers,
  read,
  relu,
  silu,
  square,
  sub,
  type Tensor,
  tensor,
  where,
} from '../../core/index.ts'
import { constant } from '../../core/internal.ts'

const backend = reference()
type Function = (x: Tensor<'i'>) => Tensor<'i'>
const close = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-12 * Math.max(1, Math.abs(x), Math.abs(y))

const formulas: Readonly<Record<string, readonly [Function, (x: number) => number]>> = {
  'x⁺': [relu, (x) => Math.max(x, 0)],
  'x σ(x)': [silu, (x) => x / (1 + Math.exp(-x))],
  'x Φ(x)': [gelu, (x) => (x * (1 + numbers.erf(x / Math.SQRT2))) / 2],
  'log σ(x)': [logSigmoid, (x) => -Math.log(1 + Math.exp(-x))],
  'x²': [square, (x) => x * x],
  '−x': [negate, (x) => -x],
  'min(x, 2)': [(x) => minimum(x, 2), (x) => Math.min(x, 2)],
}
const values = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 5, maxLength: 5 })
const at = async (f: Function, xs: readonly number[]): Promise<readonly number[]> => [...(await read(backend, f(tensor({ i: 5 }, xs))))]
for (const [name, [f, formula]] of Object.entries(formulas))
  test(`${name} is its formula`, () =>
    fc.assert(
      fc.asyncProperty(values, async (xs) => (await at(f, xs)).every((y, i) => close(y, formula(xs[i]!)))),
      { numRuns: 20 },
    ))

test('f(x) − f(−x) = x for x⁺, x σ(x), x Φ(x) and log σ(x)', () =>
  fc.assert(
    fc.asyncProperty(values, async (xs) => {
      for (const f of [relu, silu, gelu, logSigmoid]) {
        const [there, back] = [
          await at(f, xs),
          await at(
            f,
            xs.map((x) => -x),
          ),
        ]
        assert.ok(there.every((y, i) => close(y - back[i]!, xs[i]!)))
      }
    }),
    { numRuns: 20 },
  ))

test('0 · x, and where with a known condition, have the axes of all that they are made of', () => {
  const [row, table] = [iota('i', 2), mul(iota('i', 2), iota('j', 3))]
  for (const whole of [mul(0, table), where(constant(1), row, table), where(constant(0), table, row), where(table, row, row)])
    assert.deepEqual([...axesOf(whole)].sort(), ['i', 'j'])
})

test('x + y and y + x are one node, and so are the other commutative ones; x − y and y − x are not', () => {
  const [x, y] = [tensor({ i: 2 }, [1, 2]), tensor({ i: 2 }, [3, 4])]
  for (const f of [add, mul, maximum, equal]) assert.equal(f(x, y), f(y, x))
  for (const f of [sub, div, less]) assert.notEqual(f(x, y), f(y, x))
})

test('what is simpler is made in its place: the same node, or the constant', () => {
  const [x, y] = [tensor({ i: 2 }, [1, 2]), tensor({ i: 2 }, [3, 4])]
  const same: readonly (readonly [what: string, made: AnyTensor, meant: AnyTensor])[] = [
    ['0 + x', add(0, x), x],
    ['x + 0', add(x, 0), x],
    ['x − 0', sub(x, 0), x],
    ['1 · x', mul(1, x), x],
    ['x · 1', mul(x, 1), x],
    ['x / 1', div(x, 1), x],
    ['2 (3 x)', mul(2, mul(3, x)), mul(6, x)],
    ['(3 x) 2', mul(mul(3, x), 2), mul(6, x)],
    ['where(2, x, y)', where(2, x, y), x],
    ['where(0, x, y)', where(0, x, y), y],
    ['where(x, y, y)', where(x, y, y), y],
    ['0 · x', mul(0, x), broadcastTo(constant(0), { i: 2 })],
    ['0 / x', div(0, x), broadcastTo(constant(0), { i: 2 })],
    ['2 + 3', add(2, 3), constant(5)],
    ['max(2, 3)', maximum(2, 3), constant(3)],
  ]
  for (const [what, made, meant] of same) assert.equal(made, meant, what)
  const others: readonly (readonly [what: string, made: AnyTensor, meant: AnyTensor])[] = [
    ['0 − x', sub(0, x), x],
    ['1 / x', div(1, x), x],
    ['x − 1', sub(x, 1), x],
    ['1 + x', add(1, x), x],
    ['2 · x', mul(2, x), x],
    ['x / 2', div(x, 2), x],
    ['where(y, x, 0)', where(y, x, 0), x],
    ['2 (3 + x)', mul(2, add(3, x)), mul(6, x)],
    ['−0', constant(-0), constant(0)],
  ]
  for (const [what, made, other] of others) assert.notEqual(made, other, what)
})
