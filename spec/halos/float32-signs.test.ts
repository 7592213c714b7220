/**
 * float32, where gradients are trained: over all log-ratios to ±10⁴ the slope has the sign that was proved, or is lost in the last places of
 * the steepest one. Of every value function, and of every loss that is declared, on the backend that trains and on the reference.
 */
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { reference, wasm } from '../../backends/index.ts'
import { type Backend, compile, derivative, grad, read, type Tensor, unary } from '../../core/index.ts'
import { always, catalogue, getOrThrow, halo, isHalo, isView, logRatio, negation, rejected, value, verify } from '../../halos/index.ts'
import { lost, singles } from '../../halos/single.ts'
import { column, completion } from './numbers.ts'

const single = await wasm()
after(() => single.close?.())
const backends: Readonly<Record<string, Backend>> = { wasm: single, reference: reference() }

/** All of these signs, but for what is lost in rounding. */
const agree = (slopes: readonly number[], sign: (i: number) => number, what: string): void => {
  const steepest = Math.max(...slopes.map(Math.abs))
  for (const [i, slope] of slopes.entries())
    assert.ok(slope * sign(i) >= -lost * 2 ** -24 * steepest, `${what} at ${singles[i]}: ${slope}, of ${steepest}`)
}

for (const family of await catalogue()) {
  const loss = getOrThrow(family())
  const declared = isView(loss) ? loss.through : isHalo(loss) ? loss : undefined
  if (declared === undefined) continue
  for (const [name, backend] of Object.entries(backends)) {
    test(`${family.key} on ${name}: v rises`, async () => {
      const run = compile(backend, (z: Tensor<'example'>) => unary(derivative(declared.value.body))(z) as Tensor<'example'>)
      agree([...(await read(backend, await run(column(...singles))))], () => 1, 'v′')
    })
    test(`${family.key} on ${name}: the loss falls where a completion that is liked becomes likelier`, async () => {
      const [own, others] = [loss.needs.reference ? singles : singles.map((z) => -Math.abs(z)), singles.map(() => 0)]
      const label = column(...own.map((_, i) => (i % 2 === 0 ? 1 : -1)))
      const run = compile(backend, (p: Tensor<'example'>) =>
        grad((policy: Tensor<'example'>) => {
          const [mine, other] = [completion(policy, others), completion(column(...others), others)]
          const [margin, dispersion] = [column(...others.map(() => 1)), column(...others.map(() => 0.5))]
          return loss.evaluate({ outcome: mine, chosen: mine, rejected: other, unrelated: other, label, margin, dispersion }).loss
        })(p),
      )
      const slopes = [...(await read(backend, await run(column(...own))))]
      agree(slopes, (i) => (loss.needs.pair || i % 2 === 0 ? -1 : 1), '∂L/∂log π')
    })
  }
}

test('a body that takes another branch in float32 is told', () => {
  const flips = value('z, or −z if 1 + 1e−9 is 1', (S) => (z) => {
    const one = S.add(S.of(1), S.mul(S.of(1e-9), S.sigmoid(z)))
    return S.where(S.equal(one, S.of(1)), S.mul(S.of(-1), z), z)
  })
  const report = verify(getOrThrow(halo({ name: 'flips', reward: logRatio(1), reference: rejected, value: flips, t: always(negation) })))
  assert.notEqual(report.verdict, 'HALO')
  assert.match(JSON.stringify(report.conditions), /in float32 another function trains: its slope is −1 at z = /)
})
