/** Mutations of KTO: each must make a named check fail that KTO itself passes. A check that no mutation fails would prove nothing. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Unary } from '../../core/index.ts'
import { getOrThrow, type Halo, kto, vary, verify } from '../../halos/index.ts'
import { makeValue } from '../../halos/internal.ts'
import { column, completion, numbers, scalar, slope } from './numbers.ts'

type Kto = Halo<'policy' | 'reference', 'unrelated'>
const original = getOrThrow(kto())
const refs = [-2, -2, -2]
const evidence = (policy: ReturnType<typeof column>, unrelated: ReturnType<typeof column>) => ({
  ...{ outcome: completion(policy, refs), label: column(1, -1, 1), unrelated: completion(unrelated, refs) },
})
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
/** KTO by hand, on policies at p and unrelated completions at p'. */
const byHand = (p: readonly number[], others: readonly number[]): readonly number[] => {
  const z0 = Math.max(0, others.reduce((sum, x) => sum + 0.1 * (x + 2), 0) / others.length)
  return p.map((x, i) => 1 - sigmoid((i === 1 ? -1 : 1) * (0.1 * (x + 2) - z0)))
}
const agrees = (others: readonly number[]) => async (loss: Kto) => {
  const [p, ours] = [[-1, -3, 4], await numbers(loss.evaluate(evidence(column(-1, -3, 4), column(...others))).losses)]
  return byHand(p, others).every((x, i) => Math.abs(x - ours[i]!) < 1e-12)
}

const checks: { readonly [name: string]: (loss: Kto) => Promise<boolean> } = {
  'losses where z₀ > 0': agrees([5, 6, 7]),
  'losses where z₀ is clamped': agrees([-5, -6, -7]),
  'step 0 is λ/2': async (loss) => Math.abs((await scalar(loss.evaluate(evidence(column(...refs), column(...refs))).loss)) - 0.5) < 1e-12,
  'no gradient into the unrelated': async (loss) =>
    (await slope((p) => loss.evaluate(evidence(column(-1, -3, 4), p)).loss, [5, 6, 7])).every((g) => g === 0),
  'a desirable completion is made likelier': async (loss) =>
    (await slope((p) => loss.evaluate(evidence(p, column(...refs))).loss, [-1, -3, 4]))[0]! < 0,
  'verify says HALO': (loss) => Promise.resolve(verify(loss as unknown as Halo).verdict === 'HALO'),
}

const turned: Unary = (S) => (z) => S.mul(S.of(-1), S.sigmoid(z))
const flip = ({ shift, scale }: Kto['t']['desirable']) => ({ shift, scale: -scale })
const mutations: { readonly [what: string]: readonly [mutant: Kto, fails: readonly string[]] } = {
  'the sign of v': [
    vary(original, { value: makeValue('−σ', (S) => (z) => turned(S)(z)) }),
    ['losses where z₀ > 0', 'a desirable completion is made likelier', 'verify says HALO'],
  ],
  'the slope of t': [
    vary(original, { t: { desirable: flip(original.t.desirable), undesirable: flip(original.t.undesirable) } }),
    ['step 0 is λ/2', 'a desirable completion is made likelier', 'verify says HALO'],
  ],
  'the clamp': [vary(original, { reference: { ...original.reference, clamped: false } }), ['losses where z₀ is clamped']],
  'the stop-gradient': [vary(original, { reference: { ...original.reference, held: false } }), ['no gradient into the unrelated']],
  'the reference (none)': [vary(original, { reference: { ...original.reference, over: 'none' } }), ['losses where z₀ > 0']],
  'the temper': [vary(original, { inverseTemperature: { desirable: 2, undesirable: 1 } }), ['losses where z₀ > 0']],
}

test('KTO passes every check', async () => {
  for (const [name, check] of Object.entries(checks)) assert.ok(await check(original), name)
})
for (const [what, [mutant, expected]] of Object.entries(mutations))
  test(`mutating ${what} fails: ${expected.join(', ')}`, async () => {
    const failed: string[] = []
    for (const [name, check] of Object.entries(checks)) if (!(await check(mutant))) failed.push(name)
    for (const name of expected) assert.ok(failed.includes(name), `${name} did not notice; only ${failed.join(', ')} did`)
  })
test('every check is failed by some mutation', () => {
  const failing = new Set(Object.values(mutations).flatMap(([, fails]) => fails))
  assert.deepEqual(
    Object.keys(checks).filter((name) => !failing.has(name)),
    [],
  )
})
