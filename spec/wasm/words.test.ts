/**
 * Derived words on the WebAssembly backend, as kernels compute them: how far they are from the exact value, over all of float32. (The elementary
 * ones are in math.test.ts.)
 */
import { strict as assert } from 'node:assert'
import { after, test } from 'node:test'
import { wasm } from '../../backends/wasm/index.ts'
import { compile, erf, read, sigmoid, softplus, type Tensor, tanh, tensor, unary } from '../../core/index.ts'

const backend = await wasm({ threads: 1 })
after(() => backend.close?.())

/** Both signs, every exponent, denormals, and what is special. */
const everywhere = ((): Float32Array => {
  const bits = Int32Array.from({ length: 1 << 18 }, (_, i) => Math.imul(i, 16384) + ((i * 2654435761) % 16384))
  const special = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-45, 2 ** -126, 3.4028234663852886e38, -3.4028234663852886e38]
  return Float32Array.from([...new Float32Array(bits.buffer), ...special])
})()
/** Where these functions bend. */
const near = Float32Array.from({ length: 1 << 17 }, (_, i) => -20 + (40 * i) / (1 << 17))

/** Units in the last place between two numbers of float32. */
const ulps = (() => {
  const value = new Float32Array(1)
  const bits = new Int32Array(value.buffer)
  const rank = (x: number): number => {
    value[0] = x
    return bits[0]! < 0 ? -(bits[0]! & 0x7fffffff) : bits[0]!
  }
  return (x: number, y: number): number => Math.abs(rank(x) - rank(y))
})()
const absolute = (x: number, y: number): number => (x === y ? 0 : Math.abs(x - y))

/** By its series, or its continued fraction where that is the shorter. */
const exactErf = (x: number): number => {
  const a = Math.abs(x)
  if (a > 6 || x === 0 || Number.isNaN(x)) return a > 6 ? Math.sign(x) : x
  if (a > 3) {
    let fraction = 0
    for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction)
    return Math.sign(x) * (1 - Math.exp(-a * a) / (a + fraction) / Math.sqrt(Math.PI))
  }
  let [power, sum] = [a, a]
  for (let n = 1; n < 80; n++) {
    power *= (-a * a) / n
    sum += power / (2 * n + 1)
  }
  return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI)
}
const exactSigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
const exactSoftplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

const cases = [
  { name: 'tanh', f: tanh, exact: Math.tanh, distance: ulps, bound: 3 },
  { name: 'sigmoid', f: sigmoid, exact: exactSigmoid, distance: ulps, bound: 2 },
  { name: 'softplus', f: softplus, exact: exactSoftplus, distance: ulps, bound: 3 },
  { name: 'expm1', f: unary((S) => S.expm1), exact: Math.expm1, distance: ulps, bound: 2 },
  { name: 'log1p', f: unary((S) => S.log1p), exact: Math.log1p, distance: ulps, bound: 2 },
  { name: 'erf', f: erf, exact: exactErf, distance: absolute, bound: 6e-7 },
]
for (const { name, f, exact, distance, bound } of cases)
  test(`${name} is within ${bound}${distance === ulps ? ' ulp' : ''} of the exact value, everywhere`, async (t) => {
    const run = compile(backend, (x: Tensor<'i'>) => f(x))
    for (const xs of [everywhere, near]) {
      const got = await read(backend, await run(tensor({ i: xs.length }, xs)))
      let [worst, at] = [0, 0]
      for (const [i, x] of xs.entries()) {
        const [wanted, found] = [exact(x), got[i]!]
        if (Number.isNaN(wanted) !== Number.isNaN(found)) assert.fail(`${name}(${x}) should be ${wanted}, but is ${found}`)
        const d = Number.isNaN(wanted) ? 0 : distance(found, Math.fround(wanted))
        if (!(d <= worst)) [worst, at] = [d, x]
      }
      t.diagnostic(`worst: ${worst} at ${at}`)
      assert.ok(worst <= bound, `${name}(${at}) is off by ${worst}`)
    }
  })
