/** Random numbers are decided by their key and their salt: uniform, and two seeds never give the same. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { reference } from '../../backends/index.ts'
import { normal, random, read, ShapeError, type Tensor, tensor } from '../../core/index.ts'
import { constant, normals, stream, uniform } from '../../core/internal.ts'

const backend = reference()
const numbersOf = async <A extends string>(x: Tensor<A>): Promise<readonly number[]> => [...(await read(backend, x))]
const scalar = (x: number): Tensor => tensor({}, [x])

test('random numbers: uniform, reproducible, different for each key and call', async () => {
  const draw = (key: number, salt: number) => numbersOf(random(scalar(key), { i: 4000 }, salt))
  const [a, b, c, again] = await Promise.all([draw(1, 1), draw(1, 2), draw(2, 1), draw(1, 1)])
  assert.deepEqual(a, again)
  assert.equal(a[7], uniform(1, 1, 7))
  assert.ok(a.filter((x, i) => x === b[i] || x === c[i]).length < 5)
  for (const xs of [a, b, c]) {
    assert.ok(xs.every((x) => x >= 0 && x < 1))
    assert.ok(Math.abs(xs.reduce((s, x) => s + x, 0) / 4000 - 0.5) < 0.02)
  }
  const xs = await numbersOf(normal(scalar(3), { i: 4000 }, 5))
  assert.ok(Math.abs(xs.reduce((s, x) => s + x, 0) / 4000) < 0.06 && Math.abs(xs.reduce((s, x) => s + x * x, 0) / 4000 - 1) < 0.1)
})

test('normal numbers are √(−2 log(1 − u)) cos 2πv of the uniform numbers of their two salts, on the host as on a backend', async () => {
  for (const [key, salt] of [
    [3, 5],
    [7, 0],
  ] as const) {
    const [u, v] = [2 * salt, 2 * salt + 1].map((each) => (i: number) => uniform(key, each, i))
    const expected = Array.from({ length: 50 }, (_, i) => Math.sqrt(-2 * Math.log(1 - u!(i))) * Math.cos(2 * Math.PI * v!(i)))
    assert.deepEqual([...normals(key, salt, 50)], expected)
    const there = await numbersOf(normal(scalar(key), { i: 50 }, salt))
    assert.ok(there.every((x, i) => Math.abs(x - expected[i]!) < 1e-12))
  }
})

test('a key that float32 would round is refused, and so is one that is none', () => {
  for (const key of [2 ** 24, 2 ** 31 - 1, -1, 0.5, Number.NaN])
    for (const asked of [() => random(scalar(key), { i: 2 }, 1), () => random(constant(key), { i: 2 }, 1)])
      assert.throws(
        asked,
        (error) => error instanceof ShapeError && /a key is an integer from 0 to 2²⁴ − 1, but this one is/.test(error.message),
      )
})

test('two seeds of 31 bits never have the same stream: what decided it can be told from it', () => {
  const odd = (a: number): number => [1, 2, 3, 4, 5].reduce((x) => Math.imul(x, 2 - Math.imul(a, x)), a) // a⁻¹ modulo 2³², by Newton
  const shifted = (h: number, by: number): number => h ^ (h >>> by) ^ (2 * by < 32 ? h >>> (2 * by) : 0)
  const unmix = (h: number): number => {
    const b = Math.imul(shifted(h, 15), odd(0x735a2d97))
    return shifted(Math.imul(shifted(b, 15), odd(0x21f0aaad)), 16)
  }
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.nat({ max: 2 ** 31 - 1 }), (seed, salt) => {
      assert.equal((unmix((unmix(stream(seed, salt)) - salt) | 0) - 0x9e3779b9) | 0, seed)
    }),
  )
})
