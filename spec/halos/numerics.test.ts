/** Far out: log-ratios up to ±10⁴, certain policies, values at their kinks; and, for losses that nobody published numbers of, finite differences. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Tensor } from '../../core/index.ts'
import { type AnyLoss, catalogue, find, getOrThrow, lossOf } from '../../halos/index.ts'
import { column, completion, numbers, scalar, slope } from './numbers.ts'

const families = await catalogue()
const loss = (key: string, settings: Readonly<Record<string, number>> = {}): AnyLoss => getOrThrow(find(families, key)!(settings))

/** Everything a loss may ask for, as a function of one policy; references at 0 if the policy is at log-ratios. */
const everything = (policy: Tensor<'example'>, others: readonly number[], refs: readonly number[]) => {
  const [own, other] = [completion(policy, refs), completion(column(...others), refs)]
  return {
    outcome: own,
    chosen: own,
    rejected: other,
    unrelated: other,
    label: column(...others.map((_, i) => (i % 2 === 0 ? 1 : -1))),
    margin: column(...others.map((x) => 0.25 + Math.abs(x) / 8)),
    dispersion: column(...others.map((x) => 1 / (1.25 + Math.abs(x)))),
    share: column(...others.map((x) => 0.5 + Math.abs(x) / 8)),
  }
}

const far = [1e4, -1e4, 700, -700, 1, 0]
for (const family of families)
  test(`${family.key}: finite at log-ratios up to ±10⁴`, async () => {
    const made = getOrThrow(family())
    // Where there is no reference model, rewards are log-probabilities: never positive.
    const at = made.needs.reference ? far : far.map((x) => -Math.abs(x) - 1e-3)
    const batch = (p: Tensor<'example'>) =>
      everything(
        p,
        [...at].reverse(),
        at.map(() => 0),
      )
    const losses = await numbers(made.evaluate(batch(column(...at))).losses)
    const gradient = await slope((p) => made.evaluate(batch(p)).loss, at)
    assert.ok([...losses, ...gradient].every(Number.isFinite), `${losses} / ${gradient}`)
  })

test('ORPO as p̄ → 0⁻: the gradient tends to the odds of the other completion, and is finite at certainty', async () => {
  for (const key of ['orpo-odds', 'orpo', 'unlikelihood'])
    for (const p of [-1e-3, -1e-8, -1e-13, -1e-16, 0]) {
      const [g] = await slope((x) => loss(key).evaluate(everything(x, [-10], [0])).loss, [p])
      assert.ok(Number.isFinite(g), `${key} at ${p}: ${g}`)
    }
  const odds = Math.exp(-1) / (1 - Math.exp(-1))
  const [g] = await slope((x) => loss('orpo-odds', { beta: 1 }).evaluate(everything(x, [-10], [0])).loss, [-1e-8])
  assert.ok(Math.abs(g! * 10 + odds) < 1e-6, `${g}`)
})

test('prospect at its reference point: a finite slope on both sides, steeper for losses', async () => {
  const at = async (u: number) => (await slope((p) => loss('prospect').evaluate({ ...everything(p, [0], [0]) }).loss, [u]))[0]!
  const [down, zero, up] = [await at(-1e-3), await at(0), await at(1e-3)]
  for (const g of [down, zero, up]) assert.ok(Number.isFinite(g) && g < 0)
  assert.ok(Math.abs(down / up - 2.25) < 1e-2, `${down / up}`)
})

test('tails: −log σ keeps its precision, and its gradient dies only where it underflows', async () => {
  const dpo = (u: number) => slope((p) => loss('dpo', { beta: 1 }).evaluate(everything(p, [0], [0])).loss, [u])
  assert.ok(Math.abs((await dpo(700))[0]! / -Math.exp(-700) - 1) < 1e-9)
  assert.equal((await dpo(-1e4))[0], -1)
})

const unpublished: Readonly<Record<string, (u: number, p: number, s: number) => number>> = {
  prospect: (u, _, s) => {
    const z = 0.1 * s * u
    return z >= 0 ? -((z + 1e-6) ** 0.88 - 1e-6 ** 0.88) : 2.25 * ((1e-6 - z) ** 0.88 - 1e-6 ** 0.88)
  },
  unlikelihood: (_, p, s) => (s > 0 ? -p / 10 : -Math.log(1 - Math.exp(p / 10))),
  'truncated-ipo': (u) => (Math.min(u / 10, 5) - 5) ** 2,
  cispo: (u, p, s) => -s * Math.min(Math.exp(u), 5) * p,
  sft: (_, p) => -p / 10,
}
for (const [key, formula] of Object.entries(unpublished))
  test(`${key}, of which no numbers are published: closed form and finite differences`, async () => {
    const [p, refs] = [
      [-1, -2, -4, -0.5],
      [-2.5, -1, -4.2, -3],
    ]
    // The other completion has no log-ratio, so it is worth 0.
    const batch = (policy: Tensor<'example'>) => {
      const other = completion(column(...refs), refs)
      return {
        outcome: completion(policy, refs),
        chosen: completion(policy, refs),
        rejected: other,
        unrelated: other,
        label: column(1, -1, 1, -1),
      }
    }
    const sign = (i: number): number => (key === 'truncated-ipo' || i % 2 === 0 ? 1 : -1)
    const losses = await numbers(loss(key).evaluate(batch(column(...p))).losses)
    for (const [i, x] of p.entries())
      assert.ok(Math.abs(losses[i]! - formula(x - refs[i]!, x, sign(i))) < 1e-12, `${key} ${i}: ${losses[i]}`)
    const total = async (q: readonly number[]) => scalar(loss(key).evaluate(batch(column(...q))).loss)
    const gradient = await slope((policy) => loss(key).evaluate(batch(policy)).loss, p)
    for (const [i, g] of gradient.entries()) {
      const moved = (h: number) => p.map((x, k) => (k === i ? x + h : x))
      const difference = ((await total(moved(1e-5))) - (await total(moved(-1e-5)))) / 2e-5
      const held = key === 'cispo' // its weight is held: the derivative is that of log π only
      const expected = held ? (-sign(i) * Math.min(Math.exp(p[i]! - refs[i]!), 5)) / 4 : difference
      assert.ok(Math.abs(g - expected) < 1e-7, `${key} ∂${i}: ${g}, not ${expected}`)
    }
  })

test('one-sided batches are legal for every loss of labels', async () => {
  for (const family of families) {
    const made = getOrThrow(family())
    if (!made.needs.label) continue
    for (const sign of [1, -1]) {
      const batch = { ...everything(column(-1, -2), [-1, -3], [-2, -2]), label: column(sign, sign) }
      assert.ok(Number.isFinite(await scalar(made.evaluate(batch).loss)), family.key)
    }
  }
})
test('a batch may be split anywhere: the loss of its parts is that of the whole', async () => {
  for (const family of families) {
    const made = getOrThrow(family())
    if (made.statistic !== undefined || ['aot', 'aot-unpaired', 'kto-pair', 'bco-pair', 'mpo'].includes(family.key)) continue // these look at the batch
    const part = (from: number, to: number) => {
      const cut = (xs: readonly number[]) => xs.slice(from, to)
      return made.evaluate({
        ...everything(column(...cut([-1, -2, -3])), cut([-1.5, -1, -2]), cut([-1.2, -2.2, -3.1])),
        label: column(...cut([1, -1, 1])),
      })
    }
    const [whole, one, two] = [part(0, 3), part(0, 1), part(1, 3)]
    assert.ok(Math.abs((await scalar(lossOf([one, two]))) - (await scalar(whole.loss))) < 1e-12, family.key)
  }
})
