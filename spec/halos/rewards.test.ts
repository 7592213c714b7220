/** Rewards in closed form: r(p, q, n), its slope, its anchor, its unit; where the bound of exponents acts, and where it does not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { numbers, type Scalar } from '../../core/index.ts'
import { type Checked, getOrThrow, type Reward } from '../../halos/index.ts'
import { settled } from '../../halos/parameters.ts'
import {
  alphaDivergence,
  alphaMap,
  chiSquared,
  domainOf,
  forwardKL,
  inversePerplexity,
  jensenShannon,
  logOdds,
  logProbability,
  logProbabilityPerToken,
  logRatio,
  logRatioPerToken,
  ratio,
  ratioPerToken,
  rewardOf,
  scalarReward,
} from '../../halos/reward.ts'
import { boundedExp, capped, floored, lesser, logSigmoid } from '../../halos/words.ts'
import { column, numbers as read } from './numbers.ts'

/** r, and what multiplies ∂/∂log π: 1, or 1/n. */
type Formula = readonly [reward: Checked<Reward>, r: (p: number, q: number, n: number) => number, perToken?: true]
const [b, a] = [0.3, 0.7]
const table: readonly Formula[] = [
  [logRatio(b), (p, q) => b * (p - q)],
  [logRatioPerToken(b), (p, q, n) => (b * (p - q)) / n, true],
  [logProbability(b), (p) => b * p],
  [logProbabilityPerToken(b), (p, _, n) => (b * p) / n, true],
  [logOdds, (p, _, n) => Math.log(Math.exp(p / n) / (1 - Math.exp(p / n))), true],
  [ratio, (p, q) => Math.exp(p) / Math.exp(q)],
  [ratioPerToken, (p, q, n) => Math.exp(p / n) / Math.exp(q / n), true],
  [chiSquared(b), (p, q) => b * (Math.exp(p - q) + p - q)],
  [inversePerplexity, (p, _, n) => Math.exp(p) ** (1 / n), true],
  [alphaMap(b, a), (p, _, n) => (b * (1 - Math.exp(-p / n) ** a)) / a, true],
  [alphaMap(b, -a), (p, _, n) => (b * (Math.exp(p / n) ** a - 1)) / a, true],
  [forwardKL(b), (p, q) => -b * (Math.exp(q) / Math.exp(p))],
  [jensenShannon(b), (p, q) => b * Math.log(Math.exp(p) / (Math.exp(p) + Math.exp(q)))],
  [alphaDivergence(b, a), (p, q) => (-b * (Math.exp(q) / Math.exp(p)) ** a) / a],
  [alphaDivergence(b, -a), (p, q) => (b * (Math.exp(p) / Math.exp(q)) ** a) / a],
  [scalarReward, (r) => r],
]
const close = (x: number, y: number, by = 1e-9): boolean => Math.abs(x - y) <= by * Math.max(1, Math.abs(x), Math.abs(y))
const logProbabilities = fc.double({ min: -6, max: -0.1, noNaN: true })

for (const [checked, r] of table) {
  const reward = getOrThrow(checked)
  const { name } = reward
  const body = reward.body(numbers)
  const { argument, text, unbounded, parameters, flat } = reward.shape
  const [bounded, free] = [settled(text, parameters)(numbers), settled(unbounded, parameters)(numbers)]

  test(`${name}: it is its formula, its anchor is r(u = 0), its unit is ∂r/∂log π where that is a constant`, () =>
    fc.assert(
      fc.property(logProbabilities, logProbabilities, fc.integer({ min: 1, max: 5 }), (p, q, n) => {
        assert.ok(close(body(p, q, n), r(p, q, n)), `${body(p, q, n)} is not ${r(p, q, n)}`)
        if (reward.centre !== undefined) assert.ok(close(reward.centre, r(p, p, n)))
        const rise = (x: number): number => (free(x) - free(x - 0.5)) / 0.5
        const straight = close(rise(-1), rise(-4))
        assert.ok(close(reward.scale, straight ? rise(-1) : 1))
      }),
      { numRuns: 30 },
    ))

  test(`${name}: where it is said to be flat it is constant, up to there it is the unbounded one, and beside it rises`, () => {
    const [low, high] = flat?.on ?? [Number.NaN, Number.NaN]
    const [from, to] = domainOf(argument)
    const end = low === -Infinity ? high : low
    const places = [-2000, -1200, -800, -699, -300, -3, -1, -1e-14, 1, 3, 300, 699, 800, 1200, 2000].filter((x) => from <= x && x <= to)
    for (const x of places) {
      if (low < x && x < high) assert.equal(bounded(x), bounded(end), `at ${x}`)
      else if (flat || Math.abs(x) < 700) assert.equal(bounded(x), free(x), `at ${x}`)
    }
    const acts = [...places, -1e-16].some((x) => bounded(x) !== free(x) && bounded(x) === bounded(1.05 * x))
    if (!name.includes('(e^u + u)')) assert.equal(flat !== undefined, acts) // there u goes on to rise, though too little to be seen
    if (flat) assert.notEqual(bounded(low === -Infinity ? high + 1 : low - Math.abs(low) / 4), bounded(end), 'beside it, it rises')
  })
}

test('exponents are bounded by ±700, in float32 by ±80, so that no exponential overflows or vanishes', () => {
  const single: Scalar<number> = { ...numbers, of: (n, other) => Math.fround(other ?? n) }
  for (const [S, bound] of [
    [numbers, 700],
    [single, 80],
  ] as const) {
    for (const x of [-5, 0, bound - 1]) assert.deepEqual([capped(S, x), floored(S, x), boundedExp(S, x)], [x, x, Math.exp(x)])
    assert.deepEqual([capped(S, 1e4), floored(S, -1e4), boundedExp(S, 1e4)], [bound, -bound, Math.exp(bound)])
    assert.deepEqual([capped(S, -1e4), floored(S, 1e4)], [-1e4, 1e4])
  }
})

test('a reward that compares with the sampler reads π_old, and π_ref where the evidence has no other', async () => {
  const [policy, reference, old, length] = [column(-3), column(-1), column(-2), column(2)]
  const at = async (reward: Checked<Reward>, y: object) => (await read(rewardOf(getOrThrow(reward))({ policy, ...y })))[0]!
  assert.ok(close(await at(ratio, { reference, old }), Math.exp(-1)))
  assert.ok(close(await at(ratio, { reference }), Math.exp(-2)))
  assert.ok(close(await at(logRatio(1), { reference, old }), -2))
  assert.ok(close(await at(ratioPerToken, { reference, old, length }), Math.exp(-0.5)))
  assert.equal(await at(scalarReward, {}), -3)
})

test('log σ(x) and min(x, y), as words', () => {
  for (const x of [-3, 0, 2]) assert.ok(close(logSigmoid(numbers, x), -Math.log(1 + Math.exp(-x))))
  for (const [x, y] of [
    [1, 2],
    [2, 1],
    [-1, -1],
  ] as const)
    assert.equal(lesser(numbers, x, y), Math.min(x, y))
})
