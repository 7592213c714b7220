/** The elementary functions of the WebAssembly backend, measured in units in the last place over the whole range of float32. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type Locals, range } from '../../backends/wasm/control.ts'
import { type Code, f32x4, i32, i32x4, v128 } from '../../backends/wasm/instructions.ts'
import { cos, draw, exp, log, sin, stream } from '../../backends/wasm/math.ts'
import { module } from '../../backends/wasm/module.ts'
import { uniform } from '../../core/internal.ts'

/** Apply a function on lanes to an array whose length is a multiple of 4. */
const apply = (f: (locals: Locals) => (x: Code<'v128'>) => Code<'v128'>, xs: Float32Array): Float32Array => {
  const pages = Math.ceil(xs.byteLength / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const m = module({ pages, shared: false })
  m.define('map', ['i32'], (locals, end) => {
    const i = locals('i32')
    return range(i, i32.const(0), end.get, 16, v128.store(i.get, f(locals)(v128.load(i.get))))
  })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.binary()), { host: { memory } })
  new Float32Array(memory.buffer).set(xs)
  ;(exports.map as (end: number) => void)(xs.byteLength)
  return new Float32Array(memory.buffer.slice(0, xs.byteLength))
}

/** Bit patterns from all of float32: both signs, denormals, infinities and NaN. */
const everywhere = (() => {
  const bits = new Int32Array(1 << 20)
  for (let i = 0; i < bits.length; i++) bits[i] = Math.imul(i, 4096) + ((i * 2654435761) % 4096)
  const xs = new Float32Array(bits.buffer)
  xs.set([
    0,
    -0,
    Infinity,
    -Infinity,
    NaN,
    1,
    -1,
    1e-45,
    -1e-45,
    2 ** -126,
    3.4028234663852886e38,
    0.5,
    2,
    88.72283,
    88.72284,
    -103.97208,
    -103.97209,
    -87.33655,
  ])
  return xs
})()
/** Evenly spread over an interval. */
const between = (a: number, b: number): Float32Array => Float32Array.from({ length: 1 << 19 }, (_, i) => a + ((b - a) * i) / (1 << 19))

/** How many float32 lie between two. */
const distance = (() => {
  const f = new Float32Array(1)
  const bits = new Int32Array(f.buffer)
  const rank = (x: number): number => {
    f[0] = x
    return bits[0]! < 0 ? -(bits[0]! & 0x7fffffff) : bits[0]!
  }
  return (x: number, y: number): number =>
    Number.isNaN(x) && Number.isNaN(y) ? 0 : Number.isNaN(x) || Number.isNaN(y) ? Infinity : Math.abs(rank(x) - rank(y))
})()
const worst = (xs: Float32Array, got: Float32Array, exact: (x: number) => number): { ulps: number; at: number } => {
  let [ulps, at] = [0, 0]
  xs.forEach((x, i) => {
    const d = distance(got[i]!, Math.fround(exact(x)))
    if (d > ulps) [ulps, at] = [d, x]
  })
  return { ulps, at }
}

const cases = [
  { name: 'exp', f: exp, exact: Math.exp, bound: 1, on: [everywhere, between(-104, 89), between(-1, 1)] },
  { name: 'log', f: log, exact: Math.log, bound: 1, on: [everywhere, between(0.5, 2), between(0, 1e-38)] },
  { name: 'sin', f: sin, exact: Math.sin, bound: 2, on: [between(-10, 10), between(-(2 ** 17), 2 ** 17), between(0, 2 ** 20)] },
  { name: 'cos', f: cos, exact: Math.cos, bound: 2, on: [between(-10, 10), between(-(2 ** 17), 2 ** 17), between(0, 2 ** 20)] },
]
for (const { name, f, exact, bound, on } of cases)
  test(`${name} is within ${bound} ulp of the correctly rounded result`, (t) => {
    for (const xs of on) {
      const { ulps, at } = worst(xs, apply(f, xs), exact)
      t.diagnostic(`worst: ${ulps} ulp at ${at}`)
      assert(ulps <= bound, `${name}(${at}) is off by ${ulps} ulp`)
    }
  })

test('the sine of infinity is not a number', () => {
  for (const f of [sin, cos]) for (const y of apply(f, Float32Array.of(Infinity, -Infinity, NaN, -Infinity))) assert(Number.isNaN(y))
})

test('random numbers have the bits of core/random', () => {
  const keys = Float32Array.from({ length: 4096 }, (_, i) => (i * 40961) % 2 ** 24)
  for (const salt of [0, 1, 77, 123456789]) {
    const got = apply((locals) => {
      const [s, d] = [stream(locals), draw(locals)]
      return (key) => d(s(key, salt), i32x4.mul(i32x4.trunc_sat_f32x4_s(f32x4.abs(key)), i32x4.const(7)))
    }, keys)
    for (const [i, key] of keys.entries()) assert.equal(got[i], uniform(key, salt, key * 7))
  }
})
