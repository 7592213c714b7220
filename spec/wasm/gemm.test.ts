/** Products against the plain single-precision loop, to the bit, at random sizes and strides. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { workspace } from '../../backends/wasm/gemm.ts'
import { runtime } from '../../backends/wasm/runtime.ts'
import { generator } from './random.ts'

const pages = 1024
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(runtime({ pages, shared: false })), { host: { memory } })
const gemm = exports.gemm as (...args: number[]) => void
const gemv = exports.gemv as (...args: number[]) => void
const numbers = new Float32Array(memory.buffer)

interface Operand {
  readonly at: number
  readonly row: number
  readonly column: number
}
/** The plain loop: f = fround(f + fround(a · b)). */
const plain = (m: number, n: number, k: number, a: Operand, b: Operand, c: Operand, accumulate: boolean, x: Float32Array): void => {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const to = c.at + i * c.row + j * c.column
      let f = accumulate ? x[to]! : 0
      for (let p = 0; p < k; p++)
        f = Math.fround(f + Math.fround(x[a.at + i * a.row + p * a.column]! * x[b.at + p * b.row + j * b.column]!))
      x[to] = f
    }
}
const space = 4 * numbers.length - workspace
const product = (m: number, n: number, k: number, a: Operand, b: Operand, c: Operand, accumulate: boolean): void => {
  const [left, right, out] = [a, b, c].map(({ at, row, column }) => [4 * at, 4 * row, 4 * column]) as [number[], number[], number[]]
  gemm(m, n, k, ...left, ...right, ...out, accumulate ? 1 : 0, space)
}
const vector = (n: number, k: number, a: Operand, b: Operand, c: Operand, accumulate: boolean): void =>
  gemv(n, k, 4 * a.at, 4 * a.column, 4 * b.at, 4 * b.row, 4 * b.column, 4 * c.at, 4 * c.column, accumulate ? 1 : 0)

test('products equal the plain loop to the bit, and touch nothing else', () => {
  const { integer, pick, real } = generator(7)
  const end = 600000
  const start = Float32Array.from({ length: end }, real)
  for (let trial = 0; trial < 300; trial++) {
    // of every kind of block more than one: at most 220 × 230 over 300, and rows, columns or sums that are long
    const most =
      trial % 10 > 0
        ? [40, 50, 40]
        : pick([
            [220, 230, 300],
            [90, 170, 560],
            [12, 1100, 40],
            [12, 60, 1100],
          ] as const)
    const [m, n, k] = most.map((size) => integer(1, size)) as [number, number, number]
    const layout = (at: number, rows: number, columns: number): Operand =>
      pick([
        { at, row: columns, column: 1 },
        { at, row: 1, column: rows },
        { at, row: columns + 3, column: 1 },
        { at, row: 2 * columns + 1, column: 2 },
      ])
    const [a, b, c] = [layout(1001, m, k), layout(200003, k, n), layout(400005, m, n)] as const
    const accumulate = pick([true, false])
    const want = start.slice()
    numbers.set(start)
    plain(m, n, k, a, b, c, accumulate, want)
    const row = m === 1 || trial % 3 === 0
    if (row) for (let i = 0; i < m; i++) vector(n, k, { ...a, at: a.at + i * a.row }, b, { ...c, at: c.at + i * c.row }, accumulate)
    else product(m, n, k, a, b, c, accumulate)
    const got = numbers.subarray(0, end)
    const wrong = want.findIndex((x, i) => x !== got[i])
    assert.equal(wrong, -1, `${row ? 'gemv' : 'gemm'} ${m}×${n}×${k} ${JSON.stringify({ a, b, c, accumulate })}: element ${wrong}`)
  }
})
