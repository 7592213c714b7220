/** Products against the plain single-precision loop, to the bit, at random sizes and strides. (Fused ones of integers, which nothing rounds.) */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { packedPanels, workspace } from '../../backends/wasm/gemm.ts'
import { fusable } from '../../backends/wasm/index.ts'
import { runtime } from '../../backends/wasm/runtime.ts'
import { generator } from './random.ts'

const pages = 1024
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
type Product = (...args: readonly number[]) => void
const products = (fused: boolean): { readonly gemm: Product; readonly gemv: Product; readonly pack: Product } => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(runtime({ pages, shared: false }, fused)), { host: { memory } })
  return { gemm: exports.gemm as Product, gemv: exports.gemv as Product, pack: exports.pack as Product } // exported by `runtime`
}
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
const bytes = ({ at, row, column }: Operand) => [4 * at, 4 * row, 4 * column] as const
/** Of a product on numbers, every one is what the plain loop leaves, whether it is of C or not. */
const agree = (start: Float32Array, what: string, loop: (x: Float32Array) => void, product: () => void): void => {
  const want = start.slice()
  loop(want)
  numbers.set(start)
  product()
  const wrong = want.findIndex((x, i) => x !== numbers[i])
  assert.equal(wrong, -1, `${what}: element ${wrong}`)
}
/** A matrix of `x[at …]` in one of four layouts. */
const layout = (pick: ReturnType<typeof generator>['pick'], at: number, rows: number, columns: number): Operand =>
  pick([
    { at, row: columns, column: 1 },
    { at, row: 1, column: rows },
    { at, row: columns + 3, column: 1 },
    { at, row: 2 * columns + 1, column: 2 },
  ])
const kinds = [
  { name: 'products', fused: false, skip: false },
  { name: 'fused products', fused: true, skip: !(await fusable()) && 'relaxed SIMD is needed' },
]
for (const { name, fused, skip } of kinds) {
  test(`${name} equal the plain loop to the bit, and touch nothing else`, { skip }, () => {
    const { gemm, gemv } = products(fused)
    const { integer, pick, real } = generator(7)
    const end = 600000
    const start = Float32Array.from({ length: end }, fused ? () => integer(-9, 9) : real)
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
              [330, 130, 40],
            ] as const)
      const size = most.map((size) => integer(1, size)) as [number, number, number]
      const [m, n, k] = trial % 20 === 1 ? [26, 100, 300] : size // 6 + 6, 6 and not another 6, but 4 + 4
      const [a, b, c] = [layout(pick, 1001, m, k), layout(pick, 200003, k, n), layout(pick, 400005, m, n)] as const
      const accumulate = pick([true, false])
      const row = m === 1 || trial % 3 === 0
      const [left, right, out] = [bytes(a), bytes(b), bytes(c)]
      agree(
        start,
        `${row ? 'gemv' : 'gemm'} ${m}×${n}×${k} ${JSON.stringify({ a, b, c, accumulate })}`,
        (x) => plain(m, n, k, a, b, c, accumulate, x),
        () => {
          if (row)
            for (let i = 0; i < m; i++)
              gemv(n, k, left[0] + i * left[1], left[2], ...right, out[0] + i * out[1], out[2], accumulate ? 1 : 0)
          else gemm(m, n, k, ...left, ...right, ...out, accumulate ? 1 : 0, space)
        },
      )
    }
  })
  test(`${name} with parts of a B that was packed beforehand are those without`, { skip }, () => {
    const { gemm, pack } = products(fused)
    const { integer, pick, real } = generator(8)
    const end = 600000
    const start = Float32Array.from({ length: end }, fused ? () => integer(-9, 9) : real)
    for (let trial = 0; trial < 100; trial++) {
      const [deep, wide] = pick([
        [300, 100],
        [40, 1100],
        [1000, 60],
      ] as const)
      const [m, depth, width] = [integer(8, 40), integer(1, deep), 8 * integer(1, wide / 8)]
      assert.ok(depth * width <= packedPanels.holds)
      const [k0, n0] = [integer(0, depth - 1), 8 * integer(0, width / 8 - 1)]
      const [k, n] = [integer(1, depth - k0), 8 * integer(1, (width - n0) / 8)]
      const [a, all, c] = [layout(pick, 1001, m, k), layout(pick, 200003, depth, width), layout(pick, 400005, m, n)] as const
      const b = { ...all, at: all.at + k0 * all.row + n0 * all.column }
      const accumulate = pick([true, false])
      const nowhere = [0, 0, 0] // B itself is not needed once it is packed
      const panels = [space + packedPanels.at + 32 * k0 + 4 * depth * n0, 32 * depth]
      agree(
        start,
        `${m}×${n}×${k} of ${depth}×${width} ${JSON.stringify({ a, b, c, accumulate })}`,
        (x) => plain(m, n, k, a, b, c, accumulate, x),
        () => {
          pack(depth, width, ...bytes(all), space + packedPanels.at)
          gemm(m, n, k, ...bytes(a), ...nowhere, ...bytes(c), accumulate ? 1 : 0, space, ...panels)
        },
      )
    }
  })
}
