/** What the algebra makes, number by number: k L, L + c, v(βz), v(z + c), v(z − γ), g(v), L + L′ and Σ wₖ Lₖ are what they are called, of every example. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { either as E } from 'fp-ts'
import type { Unary } from '../../core/index.ts'
import {
  advance,
  affine,
  byLabel,
  type Checked,
  dpo,
  explain,
  getOrThrow,
  type Halo,
  halo,
  hinge,
  kto,
  logistic,
  logLogistic,
  logRatio,
  margin,
  ofDesirable,
  plus,
  policy,
  post,
  robust,
  scale,
  sft,
  shift,
  stretch,
  unpublished,
  vary,
  weighted,
} from '../../halos/index.ts'
import { ipo } from '../../halos/losses/ipo.ts'
import { column, completion, numbers } from './numbers.ts'

type Declared = Halo<'policy' | 'reference', 'unrelated'>
const t = byLabel({ desirable: affine(0.5, 1), undesirable: affine(1.5, 2) })
const declare = (value = logLogistic): Declared =>
  getOrThrow(
    halo({
      ...{ name: 'L', reward: logRatio(0.2), reference: policy(), value, t },
      inverseTemperature: E.right({ desirable: 1.5, undesirable: 0.5 }),
    }),
  )
const original = declare()
const batch = {
  outcome: completion(column(-1, -3, -2), [-2, -2, -2.5]),
  label: column(1, -1, 1),
  unrelated: completion(column(-1, -3, -2), [-1.5, -3, -2.2]),
}
const lossesOf = (h: Pick<Declared, 'evaluate'>) => numbers(h.evaluate(batch).losses)
/** t(f(τ s (r − z₀))), with z₀ = max(0, 0.2 (0.5 + 0 + 0.2)/3). */
const byHand = (f: (z: number) => number, tau = 1): readonly number[] =>
  [1, -1, 0.5].map((u, i) => {
    const z = 0.2 * u - (0.2 * 0.7) / 3
    return i === 1 ? 1.5 - 2 * f(-0.5 * tau * z) : 0.5 - f(1.5 * tau * z)
  })
const v = (z: number): number => -Math.log1p(Math.exp(-z))
const same = (found: readonly number[], expected: readonly number[]): void => {
  assert.equal(found.length, expected.length)
  found.forEach((x, i) => {
    assert.ok(Math.abs(x - expected[i]!) < 1e-12, `${found} is not ${expected}`)
  })
}
const made = async (of: Checked<Declared>): Promise<readonly number[]> => lossesOf(getOrThrow(of))

test('k L, L + c, v(βz), v(z + c), v(z − γ), g(v)', async () => {
  const plain = byHand(v)
  same(await lossesOf(original), plain)
  same(
    await made(scale(3)(original)),
    plain.map((x) => 3 * x),
  )
  same(
    await made(shift(-2)(original)),
    plain.map((x) => x - 2),
  )
  same(await made(stretch(2)(original)), byHand(v, 2))
  same(
    await made(advance(0.4)(original)),
    byHand((z) => v(z + 0.4)),
  )
  same(
    await made(margin(0.4)(original)),
    byHand((z) => v(z - 0.4)),
  )
  same(
    await made(E.chain(advance(0.3))(margin(0.4)(original))),
    byHand((z) => v(z - 0.1)),
  )
  const root: Unary = (S) => (x) => S.sqrt(x)
  same(
    await made(post('√', root, [0, 1])(declare(logistic))),
    byHand((z) => Math.sqrt(1 / (1 + Math.exp(-z)))),
  )
})
test('names say what was done; a margin of 0 and an advance of 0 change nothing', () => {
  assert.equal(getOrThrow(scale(3)(original)).name, '3 · L')
  assert.equal(getOrThrow(margin(0)(original)), original)
  assert.equal(getOrThrow(margin(1)(original)).name, 'L, margin 1')
  assert.equal(getOrThrow(margin(0.5)(original)).value.name, 'log σ(z) at z − 0.5')
  assert.equal(getOrThrow(advance(0.5)(original)).value.name, 'log σ(z) at z + 0.5')
})
test('L + L′ adds losses, whatever the slope of t', async () => {
  const other = getOrThrow(scale(3)(declare(robust(0.2))))
  const w = (z: number): number => v(z) + 0.2 * z
  const sum = getOrThrow(plus(original)(other))
  same(
    await lossesOf(sum),
    byHand(v).map((x, i) => x + 3 * byHand(w)[i]!),
  )
  assert.equal(sum.name, 'L + 3 · L')
})

const refused = (result: Checked<unknown>, says: RegExp): void => {
  assert.ok(E.isLeft(result), `${says}`)
  assert.match(explain(result.left), says)
}
test('what would be no HALO is refused, with the reason', () => {
  refused(scale(0)(original), /^scale: expected a positive number, got 0/)
  refused(stretch(-1)(original), /^stretch: expected a positive number, got -1\.5/)
  refused(advance(-1)(original), /^advance: /)
  refused(margin(-1)(original), /^margin: /)
  refused(margin(1)(declare(logistic)), /^margin: expected v = σ\(z\) concave on \(-1, ∞\).*refuted/)
  refused(post('e^v', (S) => S.exp, [0, 1])(declare(logistic)), /^post: expected e\^v concave/)
  refused(post('−v', (S) => (x) => S.mul(S.of(-1), x), [0, 1])(declare(logistic)), /^post: expected −v non-decreasing/)
  const root = post('√', (S) => S.sqrt, [0, 1])
  refused(root(declare(logLogistic)), /^post: expected a value between 0 and 1, where √ is known, got log σ\(z\), from -Infinity to 0/)
  refused(root(declare(hinge(1))), /^post: expected a value between 0 and 1/)
  refused(plus(original)(vary(original, { reward: getOrThrow(logRatio(0.3)) })), /^plus: expected one reward, 0\.2 u, got 0\.3 u/)
  refused(plus(original)(vary(original, { reference: getOrThrow(policy({ held: false })) })), /^plus: expected one reference/)
  const otherwise: readonly Partial<Declared>[] = [
    { inverseTemperature: { desirable: 1.5, undesirable: 1 } },
    { inverseTemperature: { desirable: 1, undesirable: 0.5 } },
    { t: getOrThrow(byLabel({ desirable: affine(0, 1), undesirable: affine(0, 1) })) },
  ]
  for (const changes of otherwise) refused(plus(original)(vary(original, changes)), /^plus: expected labels weighed in one proportion/)
})

test('Σ wₖ Lₖ: losses of examples, each divided by its own share; needs and statistic of its terms', async () => {
  const name = 'sum'
  const length = column(4, 1, 2)
  const evidence = { ...batch, outcome: { ...batch.outcome, length } }
  const demonstrated = ofDesirable(getOrThrow(sft()))
  const judged = weighted(name, unpublished(name), [
    [2, getOrThrow(kto({ beta: 0.2 })) as never],
    [3, demonstrated],
  ])
  const mixed = getOrThrow(judged)
  const alone = await numbers(getOrThrow(kto({ beta: 0.2 })).evaluate(evidence).losses)
  const found = mixed.evaluate(evidence as never)
  // −log π/n of the desirable, and nothing of the other: its share is 0.
  same(await numbers(found.losses), [2 * alone[0]! + 3 * (1 / 4), 2 * alone[1]!, 2 * alone[2]! + 3 * (2 / 2)])
  same(await numbers(found.loss), [(2 * (alone[0]! + alone[1]! + alone[2]!)) / 3 + (3 * (1 + 2)) / (4 + 2)])
  assert.deepEqual(
    found.terms.map((term) => term.name),
    ['KTO', 'SFT'],
  )
  const asked = Object.entries(mixed.needs).flatMap(([need, needed]) => (needed ? need : []))
  assert.deepEqual(asked.sort(), ['label', 'length', 'outcome', 'reference', 'unrelated'])
  assert.ok(mixed.statistic !== undefined && found.z0 !== undefined && found.relativeReward !== undefined)
  const pairs = getOrThrow(
    weighted(name, unpublished(name), [
      [1, getOrThrow(ipo()) as never],
      [1, getOrThrow(dpo()) as never],
    ]),
  )
  assert.equal(pairs.statistic, undefined)
  assert.match(pairs.because, /^several references: IPO, DPO compare different rewards/)
})
test('a sum of nothing, or of two losses that pool, is refused', () => {
  refused(weighted('none', unpublished('none'), []), /^weighted: expected at least one term, got 0$/)
  const two = [1, 2].map((weight) => [weight, getOrThrow(kto())] as const)
  refused(weighted('two', unpublished('two'), two), /^weighted: expected at most one term whose reference point is a statistic/)
})
