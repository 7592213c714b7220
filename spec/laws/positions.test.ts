/** What is taken at an index: the entry, or NaN where there is none; and what ties, and huge angles, mean. */
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import fc from 'fast-check'
import { reference, wasm } from '../../backends/index.ts'
import {
  type Backend,
  compile,
  cos,
  evaluate,
  flatten,
  grad,
  IndexError,
  maximum,
  minimum,
  read,
  rename,
  sin,
  sum,
  type Tensor,
  take,
  tensor,
} from '../../core/index.ts'
import { intervals } from '../../core/internal.ts'

const backends: readonly Backend[] = [reference(), await wasm({ threads: 1 })]
after(() => Promise.all(backends.map((backend) => backend.close?.())))

const table: Tensor<'row' | 'v'> = tensor({ row: 2, v: 3 }, [10, 11, 12, 20, 21, 22])
const index = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constantFrom(-1, 3, 1.5, 0.5, 2.5, -0.5, Number.NaN, 1e10, -1e10))
const isPosition = (x: number): boolean => Number.isInteger(x) && x >= 0 && x < 3

for (const backend of backends) {
  // The indices live on the device: what is computed or resident is not checked, but means one thing.
  const gather = compile(backend, (t: typeof table, at: Tensor<'n'>) => ({
    taken: take(t, 'v', at),
    gradient: grad((x: typeof table) => sum(take(x, 'v', at), 'n', 'row'))(t),
  }))
  const compare = compile(backend, (t: typeof table, at: Tensor<'row'>) => ({
    taken: take(t, 'v', at),
    gradient: grad((x: typeof table) => sum(take(x, 'v', at), 'row'))(t),
  }))
  const numbers = async <A extends string>(x: Tensor<A>) => [...(await read(backend, x))]
  test(`${backend.name}: take is an entry or NaN, and its adjoint drops what has no position`, () =>
    fc.assert(
      fc.asyncProperty(fc.tuple(index, index, index), async (at) => {
        const resident = await evaluate(backend, tensor({ n: 3 }, at))
        const { taken, gradient } = await gather(table, resident)
        const rows = at.flatMap((x) => (isPosition(x) ? [10 + x, 20 + x] : [Number.NaN, Number.NaN]))
        assert.deepEqual(await numbers(taken), rows)
        const counts = [0, 1, 2].map((v) => at.filter((x) => x === v).length)
        assert.deepEqual(await numbers(gradient), [...counts, ...counts])
      }),
      { numRuns: 40, seed: 1979 },
    ))
  test(`${backend.name}: the same where the index lives on the table's own axes`, () =>
    fc.assert(
      fc.asyncProperty(fc.tuple(index, index), async (at) => {
        const { taken, gradient } = await compare(table, await evaluate(backend, tensor({ row: 2 }, at)))
        const entries = at.map((x, row) => (isPosition(x) ? 10 * (row + 1) + x : Number.NaN))
        assert.deepEqual(await numbers(taken), entries)
        const ones = at.flatMap((x) => [0, 1, 2].map((v) => Number(v === x)))
        assert.deepEqual(await numbers(gradient), ones)
      }),
      { numRuns: 40, seed: 1979 },
    ))
  test(`${backend.name}: an index is checked where data enter`, async () => {
    const wrong = /^take: the index 3 at \{ batch: 1, seq: 0 \} is out of range: axis 'v' has 3 positions, 0 … 2$/
    const ids = tensor({ batch: 2, seq: 2 }, [0, 2, 3, 1])
    const looked = compile(backend, (x: typeof ids) => take(table, 'v', rename(x, 'seq', 'time')))
    const refused = (pattern: RegExp) => (error: Error) => error instanceof IndexError && pattern.test(error.message)
    await assert.rejects(() => looked(ids), refused(wrong))
    const reshaped = compile(backend, (x: typeof ids) => take(table, 'v', flatten(x, ['batch', 'seq'], 'token')))
    await assert.rejects(() => reshaped(ids), refused(wrong))
    await assert.rejects(() => read(backend, take(table, 'v', tensor({ n: 1 }, [1.5]))), refused(/1\.5 .* is an integer/))
    await assert.rejects(() => read(backend, take(table, 'v', tensor({ row: 2 }, [0, Number.NaN]))), refused(/NaN at \{ row: 1 \}/))
    await assert.doesNotReject(() => looked(tensor({ batch: 2, seq: 2 }, [0, 2, 2, 1])))
  })
  test(`${backend.name}: at a tie the smaller and the larger share the slope`, async () => {
    const slope = async (f: (x: Tensor) => Tensor) => (await read(backend, grad(f)(tensor({}, [0]) as Tensor)))[0]
    for (const f of [
      (x: Tensor) => minimum(x, 0),
      (x: Tensor) => minimum(0, x),
      (x: Tensor) => maximum(x, 0),
      (x: Tensor) => maximum(0, x),
    ])
      assert.equal(await slope(f), 0.5)
  })
}

test('sin and cos of huge numbers are enclosed tightly, and those of wide intervals by [−1, 1]', () =>
  fc.assert(
    fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (x) => {
      for (const [f, primitive] of [
        [Math.sin, intervals.sin],
        [Math.cos, intervals.cos],
      ] as const) {
        const [low, high] = primitive([x, x])
        assert.ok(low <= f(x) && f(x) <= high && high - low < 1e-12 && low >= -1 && high <= 1)
        assert.deepEqual(primitive([x - 10, x + 10 + Math.abs(x)]), [-1, 1])
      }
    }),
    { numRuns: 200, seed: 1979 },
  ))
test('sin and cos on WebAssembly: NaN beyond 2³⁰ quadrants, never a wrong number', async () => {
  const [exact, single] = backends as [Backend, Backend]
  const xs = [1e6, 1e8, 1.5e9, 1e10, -1e20, 3e38].map(Math.fround)
  for (const f of [sin, cos]) {
    const at = async (backend: Backend) => read(backend, f(await evaluate(backend, tensor({ n: xs.length }, xs))))
    const [right, found] = [await at(exact), await at(single)]
    for (const [i, x] of xs.entries())
      if (Math.abs(x) > 1.7e9) assert.ok(Number.isNaN(found[i]))
      else assert.ok(Math.abs(found[i]! - right[i]!) < 1e-6, `${x}`)
  }
})
