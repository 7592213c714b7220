/** Normal forms: an expression of any text has the form of what it equals, and no other's. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Scalar } from '../../core/index.ts'
import { type Form, minus, normalForms } from '../../halos/normal-form.ts'

type Text = <A>(S: Scalar<A>, x: A, y: A) => A
const forms = normalForms()
const { scalar: S, leaf } = forms
const [x, y] = [leaf('x'), leaf('y')]
const form = (f: Text): Form => f(S, x, y)
const zero = (of: Form): boolean => of.size === 0
const equal = (f: Text, g: Text): boolean => zero(minus(form(f), form(g)))

const identities: Readonly<Record<string, readonly [Text, Text]>> = {
  '(x + y)(x − y) = x² − y²': [(T, p, q) => T.mul(T.add(p, q), T.sub(p, q)), (T, p, q) => T.sub(T.mul(p, p), T.mul(q, q))],
  '(2x − 3)/4 = x/2 − ¾': [(T, p) => T.div(T.sub(T.mul(T.of(2), p), T.of(3)), T.of(4)), (T, p) => T.sub(T.mul(T.of(0.5), p), T.of(0.75))],
  '(2 x)(3 y) = 6 x y': [(T, p, q) => T.mul(T.mul(T.of(2), p), T.mul(T.of(3), q)), (T, p, q) => T.mul(T.of(6), T.mul(q, p))],
  'x/y + x/y = 2 x/y': [(T, p, q) => T.add(T.div(p, q), T.div(p, q)), (T, p, q) => T.div(T.mul(T.of(2), p), q)],
  'σ(x + y) = σ(y + x)': [(T, p, q) => T.sigmoid(T.add(p, q)), (T, p, q) => T.sigmoid(T.add(q, p))],
  'max(x, y) = max(y, x)': [(T, p, q) => T.max(p, q), (T, p, q) => T.max(q, p)],
  'where(x, y, y) = y': [(T, p, q) => T.where(p, q, q), (_, __, q) => q],
  'where(1, x, y) = x': [(T, p, q) => T.where(T.of(1), p, q), (_, p) => p],
  'where(0, x, y) = y': [(T, p, q) => T.where(T.of(0), p, q), (_, __, q) => q],
  'σ(0 x) = ½': [(T, p) => T.sigmoid(T.mul(T.of(0), p)), (T) => T.of(0.5)],
  'log(½ + ½) = x − x': [(T) => T.log(T.add(T.of(0.5), T.of(0.5))), (T, p) => T.sub(p, p)],
  '0.1 x + 0.2 x = 0.3 x': [(T, p) => T.add(T.mul(T.of(0.1), p), T.mul(T.of(0.2), p)), (T, p) => T.mul(T.of(0.3), p)],
  'x + x + x − 3 x = 0': [(T, p) => T.sub(T.add(T.add(p, p), p), T.mul(T.of(3), p)), (T) => T.of(0)],
}
for (const [name, [f, g]] of Object.entries(identities)) test(name, () => assert.ok(equal(f, g)))

const others: Readonly<Record<string, readonly [Text, Text]>> = {
  '−x is not 0': [(T, p) => T.mul(T.of(-1), p), (T) => T.of(0)],
  'x + 1 is not 1': [(T, p) => T.add(p, T.of(1)), (T) => T.of(1)],
  'σ(x + 1) is not σ(1)': [(T, p) => T.sigmoid(T.add(p, T.of(1))), (T) => T.sigmoid(T.of(1))],
  'σ(x) is not σ(1)': [(T, p) => T.sigmoid(p), (T) => T.sigmoid(T.of(1))],
  'σ(2x) is not σ(x)': [(T, p) => T.sigmoid(T.mul(T.of(2), p)), (T, p) => T.sigmoid(p)],
  'x/y is not y/x': [(T, p, q) => T.div(p, q), (T, p, q) => T.div(q, p)],
  'x/(2y) is not x/y': [(T, p, q) => T.div(p, T.mul(T.of(2), q)), (T, p, q) => T.div(p, q)],
  'where(x, x, y) is not x': [(T, p, q) => T.where(p, p, q), (_, p) => p],
  'less(x, y) is not less(y, x)': [(T, p, q) => T.less(p, q), (T, p, q) => T.less(q, p)],
  'x² is not x': [(T, p) => T.mul(p, p), (_, p) => p],
  '(1 + 10⁻⁹) x is not x': [(T, p) => T.mul(T.of(1 + 1e-9), p), (_, p) => p],
  'NaN is not 0': [(T) => T.log(T.of(-1)), (T) => T.of(0)],
}
for (const [name, [f, g]] of Object.entries(others)) test(name, () => assert.ok(!equal(f, g)))

test('a polynomial is its coefficients: sums and products of random ones are those of their coefficients', () => {
  const polynomial = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 4 })
  const written = (given: readonly number[]): Form => given.reduceRight((inner, k) => S.add(S.mul(inner, x), S.of(k)), S.of(0))
  const product = (a: readonly number[], b: readonly number[]): readonly number[] =>
    Array.from({ length: a.length + b.length - 1 }, (_, n) => a.reduce((sum, k, i) => sum + k * (b[n - i] ?? 0), 0))
  fc.assert(
    fc.property(polynomial, polynomial, (a, b) => {
      assert.ok(zero(minus(S.mul(written(a), written(b)), written(product(a, b)))))
      assert.equal(zero(minus(written(a), written(b))), Array.from({ length: 4 }, (_, i) => (a[i] ?? 0) === (b[i] ?? 0)).every(Boolean))
      assert.ok(zero(minus(written(a), S.mul(S.of(2), written(a)), 0.5)))
    }),
  )
})
test('a form depends on the leaves that its atoms depend on, and not on those that cancel', () => {
  const of = (f: Text) => [...forms.leavesOf(form(f))].sort()
  assert.deepEqual(
    of((T, p, q) => T.sigmoid(T.div(p, q))),
    ['x', 'y'],
  )
  assert.deepEqual(
    of((T, p, q) => T.sub(T.add(p, q), p)),
    ['y'],
  )
  assert.deepEqual(
    of((T) => T.of(3)),
    [],
  )
})
test('an expression of more terms than 4096 is refused', () => {
  const sum = (name: string, count: number): Form =>
    Array.from({ length: count }, (_, i) => leaf(`${name}${i}`)).reduce((a, b) => S.add(a, b))
  const whole = S.mul(sum('a', 64), sum('b', 64))
  assert.equal(whole.size, 4096)
  assert.throws(() => S.add(whole, x), /an expression of more than 4096 terms/)
})
