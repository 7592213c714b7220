/** Arrays that a device keeps narrow are the same numbers: products, look-ups and maps of them agree with the float64 interpreter, forwards and backwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reference } from '../../backends/reference/index.ts'
import { wasm } from '../../backends/wasm/index.ts'
import { webgpu } from '../../backends/webgpu/index.ts'
import * as core from '../../core/index.ts'
import { keepNarrow, type Narrow, normals, type Storage } from '../../core/internal.ts'
import { noAdapter } from '../webgpu/opened.ts'

type W = core.Tensor<'vocab' | 'embed'>
const narrowOf = (storage: Storage, length: number, seed: number): Narrow => {
  const values = normals(seed, 1, length)
  if (storage === 'i8')
    return { format: 'i8', bits: Int8Array.from(values, (x) => Math.max(-127, Math.min(127, Math.round(40 * x)))), length }
  const bits = Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (x) => x >>> 16)
  return { format: 'bf16', bits, length }
}

const backends = [
  { name: 'wasm', open: () => wasm({ threads: 2 }), skip: false },
  { name: 'webgpu', open: webgpu, skip: noAdapter },
] as const

for (const storage of ['bf16', 'i8'] as const)
  for (const [vocab, embed, rows] of [
    [37, 24, 9],
    [64, 33, 1],
    [5, 7, 3],
  ] as const)
    for (const { name, open, skip } of backends)
      test(`${storage}, ${vocab} × ${embed}, ${rows} rows: ${name} and reference agree`, { skip }, async () => {
        const scale = normals(3, 4, vocab)
        const run = async (backend: core.Backend) => {
          const before = backend.live()
          const q = keepNarrow(backend, { vocab, embed }, narrowOf(storage, vocab * embed, 7)) as W
          const s = await core.evaluate(backend, core.tensor({ vocab }, scale))
          const weight = core.mul(q, s)
          const loss = (h: core.Tensor<'row' | 'embed'>, labels: core.Tensor<'row'>): core.Tensor => {
            const stream = core.add(h, core.take(weight, 'vocab', labels))
            const logits = core.dot(stream, weight, 'embed')
            const back = core.dot(core.exp(core.mul(logits, -1e-4)), q, 'vocab')
            const chosen = core.sum(core.take(core.logSoftmax(core.mul(logits, 0.01), 'vocab'), 'vocab', labels), 'row')
            return core.add(chosen, core.sum(core.mul(back, core.sum(q, 'vocab')), 'row', 'embed'))
          }
          const graded = core.compile(backend, (h: core.Tensor<'row' | 'embed'>, labels: core.Tensor<'row'>) =>
            core.valueAndGrad((x: core.Tensor<'row' | 'embed'>) => loss(x, labels))(h),
          )
          const h = core.tensor({ row: rows, embed }, normals(1, 2, rows * embed))
          const made = await graded(
            h,
            core.tensor(
              { row: rows },
              Float64Array.from({ length: rows }, (_, i) => (3 * i) % vocab),
            ),
          )
          const values = [...(await core.read(backend, made[0])), ...(await core.read(backend, made[1]))]
          const kept = Array.from(await core.read(backend, q))
          core.dispose(backend, [made, q, s])
          assert.equal(backend.live(), before)
          return { values, kept }
        }
        const opened = await open()
        const [there, here] = [await run(opened), await run(reference())]
        await opened.close?.()
        assert.deepEqual(there.kept, here.kept)
        const scaleOf = Math.max(...here.values.map(Math.abs))
        for (const [i, x] of here.values.entries())
          assert.ok(Math.abs(x - there.values[i]!) <= 2e-5 * scaleOf, `${i}: ${there.values[i]}, not ${x}`)
      })

test('a program that was compiled for float32 does not read what is kept narrow as if it were float32', async () => {
  const backend = await wasm({ threads: 1 })
  const double = core.compile(backend, (x: core.Tensor<'i'>) => core.mul(x, 2))
  const wide = core.tensor({ i: 3 }, [1, 2, 3])
  const narrow = keepNarrow(backend, { i: 3 }, { format: 'i8', bits: Int8Array.of(4, 5, -6), length: 3 }) as core.Tensor<'i'>
  assert.deepEqual([...(await core.read(backend, await double(wide)))], [2, 4, 6])
  assert.deepEqual([...(await core.read(backend, await double(narrow)))], [8, 10, -12])
})
