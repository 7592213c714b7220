/** Every loss in float32, where gradients are trained: finite at log-ratios up to ±10⁴, and equal to float64 where that can be asked. */
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { reference, wasm } from '../../backends/index.ts'
import { type Backend, compile, read, type Tensor, valueAndGrad } from '../../core/index.ts'
import { catalogue, getOrThrow } from '../../halos/index.ts'
import { column, completion } from './numbers.ts'

const double = reference()
const single = await wasm()
after(() => single.close?.())

const far = [1e4, -1e4, 700, -700, 90, -90, 1, 0]
const near = [-1, -2.5, -0.5, -3, -1.5, -2, -0.75, -4]
const backwards = <A>(xs: readonly A[]): readonly A[] => [...xs].reverse()

for (const family of await catalogue())
  test(`${family.key}: float32`, async () => {
    const loss = getOrThrow(family())
    const values = async (backend: Backend, policy: readonly number[], refs: readonly number[]): Promise<readonly number[]> => {
      const run = compile(backend, (p: Tensor<'example'>) =>
        valueAndGrad((x: Tensor<'example'>) => {
          const [own, other] = [completion(x, refs), completion(column(...backwards(policy)), refs)]
          const label = column(...policy.map((_, i) => (i % 2 === 0 ? 1 : -1)))
          return loss.evaluate({
            outcome: own,
            chosen: own,
            rejected: other,
            unrelated: other,
            label,
            margin: column(...policy.map((_, i) => (i + 1) / 8)),
            dispersion: column(...policy.map((_, i) => (i + 1) / 8)),
            share: column(...policy.map((_, i) => (i + 1) / 2)),
          }).loss
        })(p),
      )
      const [value, gradient] = await run(column(...policy))
      return [...(await read(backend, value)), ...(await read(backend, gradient))]
    }
    const extreme = loss.needs.reference ? far : far.map((x) => -Math.abs(x) - 1e-3)
    const out = await values(
      single,
      extreme,
      extreme.map(() => 0),
    )
    assert.ok(out.every(Number.isFinite), `${out}`)
    const refs = near.map((x, i) => x + Math.sin(i))
    const [ours, exact] = [await values(single, near, refs), await values(double, near, refs)]
    for (const [i, x] of exact.entries()) assert.ok(Math.abs(ours[i]! - x) <= 2e-5 * Math.max(1, Math.abs(x)), `${i}: ${ours[i]}, not ${x}`)
  })
