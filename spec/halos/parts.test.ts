/** The parts of declarations, one by one: what each reference point is, and how it is reported; values at points; statistics that add up. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { grad, numbers as real, type Tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import {
  anchor,
  batch,
  type Checked,
  catalogue,
  clippedBelow,
  find,
  getOrThrow,
  type Halo,
  lossOf,
  opposite,
  policy,
  pool,
  profile,
  type Reference,
  rankMatched,
  rejected,
  running,
  sampler,
  vary,
  verify,
} from '../../halos/index.ts'
import { divided, totalsOf } from '../../halos/loss.ts'
import { column, completion, numbers, scalar } from './numbers.ts'

const families = await catalogue()
const of = (key: string) => getOrThrow(find(families, key)!())

test('reference points: whose rewards, how far, held or not, clamped or not', () => {
  const table: readonly (readonly [Checked<Reference>, string])[] = [
    [rejected, 'pair rejected example false false'],
    [rankMatched, 'pair rank example false false'],
    [policy(), 'unrelated unrelated batch true true'],
    [policy({ clamped: false }), 'unrelated unrelated batch true false'],
    [policy({ held: false }), 'unrelated unrelated batch false true'],
    [anchor, 'judged none example true false'],
    [sampler, 'judged sampler example true false'],
    [batch, 'judged outcome batch true false'],
    [running, 'judged outcome history true false'],
    [opposite, 'judged opposite batch false true'],
  ]
  for (const [checked, expected] of table) {
    const { kind, over, reach, held, clamped } = getOrThrow(checked)
    assert.equal([kind, over, reach, held, clamped].join(' '), expected)
  }
})

const refs = [-2, -2, -2]
const judged = (own: Tensor<'example'>, others: Tensor<'example'> = column(-1, 0, -3)) => {
  const outcome = completion(own, refs)
  return { outcome, label: column(1, -1, 1), unrelated: completion(others, refs), chosen: outcome, rejected: outcome }
}
test('the reference point is told in units of reward and in nats, and it is that of the pooled statistic', async () => {
  const kto = getOrThrow(find(families, 'kto')!({ beta: 0.5 }))
  const { z0, kl, relativeReward } = kto.evaluate(judged(column(-1, -3, 0), column(0, -1, 1)))
  assert.ok(Math.abs((await scalar(z0!)) - 0.5 * 2) < 1e-12)
  assert.ok(Math.abs((await scalar(kl!)) - 2) < 1e-12)
  assert.deepEqual(
    (await numbers(relativeReward!)).map((x) => Number(x.toFixed(9))),
    [-0.5, 1.5, 0],
  )
  const pooled = kto.evaluate(judged(column(-1, -3, 0)), { sum: constant(12), count: constant(4) })
  assert.equal(await scalar(pooled.z0!), 3)
  const { sum, count } = kto.statistic!(judged(column(-1, -3, 0), column(0, -1, 1)))
  assert.deepEqual([await scalar(sum), await scalar(count)], [3, 3])
})
test('steepness is the slope of v over its slope at the reference point, τ_s z away: for σ, 4 σ(τz) σ(−τz)', async () => {
  const shared = { desirable: 2, undesirable: 0.5 }
  const kto = of('kto') as Halo
  for (const tau of [undefined, shared]) {
    const loss = tau === undefined ? kto : vary(kto, { inverseTemperature: tau })
    const { steepness, relativeReward } = loss.evaluate(judged(column(-1, -3, 0), column(0, -1, 1)) as never) // what KTO needs
    const z = (await numbers(relativeReward!)).map((x, i) => x * (tau === undefined ? 1 : i === 1 ? tau.undesirable : tau.desirable))
    const expected = z.map((x) => 1 / Math.cosh(x / 2) ** 2)
    for (const [i, x] of (await numbers(steepness!)).entries()) assert.ok(Math.abs(x - expected[i]!) < 1e-12, `${x} is not ${expected[i]}`)
  }
})
test('held reference points take no gradient, the other label’s does', async () => {
  const flow = async (key: string): Promise<number> => {
    const loss = of(key)
    const slopes = grad((p: Tensor<'example'>) => loss.evaluate(judged(p)).z0 ?? constant(0))(column(-1, -3, 1))
    return (await numbers(slopes)).reduce((total, x) => total + Math.abs(x), 0)
  }
  for (const key of ['bco', 'kto-zero', 'kto']) assert.equal(await flow(key), 0, key)
  const pair = of('kto-pair')
  const evidence = (chosen: Tensor<'example'>) => ({
    ...judged(column(0, 0, 0)),
    chosen: completion(chosen, refs),
    rejected: completion(column(-1, -1, -1), refs),
  })
  const [first] = await numbers(grad((p: Tensor<'example'>) => pair.evaluate(evidence(p)).loss)(column(3, 3, 3)))
  // Of its own −β σ′(β u_w − z_l)/6; as much through the mean of the chosen, which the three rejected are compared with.
  const s = (z: number): number => 1 / (1 + Math.exp(-z)) / (1 + Math.exp(z))
  const expected = (-2 * 0.1 * s(0.5 - 0.1)) / 6
  assert.ok(Math.abs(first! - expected) < 1e-12, `${first} is not ${expected}`)
})
test('parts of a batch add up to the loss of the whole', async () => {
  const kto = of('kto')
  const whole = judged(column(-1, -3, 0), column(0, -1, 1))
  const one = (i: number) => {
    const [own, other, label] = [[-1, -3, 0][i]!, [0, -1, 1][i]!, [1, -1, 1][i]!]
    const outcome = completion(column(own), [-2])
    return { outcome, chosen: outcome, rejected: outcome, label: column(label), unrelated: completion(column(other), [-2]) }
  }
  const pooled = [0, 1, 2].map((i) => kto.statistic!(one(i))).reduce(pool)
  const parts = [0, 1, 2].map((i) => kto.evaluate(one(i), pooled))
  assert.ok(Math.abs((await scalar(lossOf(parts))) - (await scalar(kto.evaluate(whole).loss))) < 1e-12)
})
test('weighted, the loss is Σ w ℓ / Σ w; with weights of 1, the mean', async () => {
  const outcome = of('kto').evaluate(judged(column(-1, -3, 0), column(0, -1, 1)))
  const losses = await numbers(outcome.losses)
  const weighted = ([a = 0, b = 0, c = 0]: readonly number[]): number => (a * losses[0]! + b * losses[1]! + c * losses[2]!) / (a + b + c)
  for (const weights of [
    [1, 2, 5],
    [1, 1, 1],
    [0, 3, 0],
  ])
    assert.ok(Math.abs((await scalar(divided(totalsOf(outcome, column(...weights))))) - weighted(weights)) < 1e-12)
  assert.ok(Math.abs((await scalar(divided(totalsOf(outcome)))) - weighted([1, 1, 1])) < 1e-12)
})
test('a clip on both sides, at points', () => {
  const v = getOrThrow(clippedBelow(-2)).body(real)
  assert.deepEqual([-9, -2, -1.5, 0, 0.75, 1, 1.5, 9].map(v), [-2, -2, -1.5, 0, 0.75, 1, 1, 1])
})
test('what a loss is said to evaluate from is what it needs', () => {
  const said = (key: string): string => {
    const { finding } = verify(of(key)).conditions.find(({ name }) => name === 'the evidence is complete')!
    return finding.tag === 'by construction' ? finding.why : finding.tag
  }
  assert.equal(said('kto'), 'evaluates from outcome, label, unrelated, reference')
  assert.equal(said('simpo'), 'evaluates from pair, length')
  assert.equal(said('sft'), 'evaluates from outcome, length')
})
test('losses loom larger where slopes differ by more than rounding', () => {
  const attitude = (k: number) => profile((S) => (z) => S.sub(z, S.mul(S.of(k), S.max(S.of(0), z)))).lossAversion
  assert.deepEqual([1.5e-9, 0.5e-9, -0.5e-9, -1.5e-9].map(attitude), ['averse', 'symmetric', 'symmetric', 'seeking'])
})
