/**
 * Estimates in finite worlds, by loops: of independent draws of Q the mean is E_Q r and the deviation that of r over √2; of mismatched data, the
 * mean is that of the completions of other prompts. Q is told from what is none.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  anchor,
  batch,
  type Checked,
  getOrThrow,
  logProbabilityPerToken,
  logRatio,
  logRatioPerToken,
  opposite,
  policy,
  type Reference,
  type Reward,
  rankMatched,
  ratio,
  rejected,
  running,
  sampler,
} from '../../halos/index.ts'
import { biasIn, estimateIn } from '../../halos/unbiased.ts'
import { type World, worldOf } from '../../halos/world.ts'

const seeds = [1, 2, 3, 4, 5]
const close = (x: number, y: number): void => assert.ok(Math.abs(x - y) <= 1e-12 * Math.max(1, Math.abs(y)), `${x} is not ${y}`)
const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
/** Every prompt and completion, in their order. */
const cells = ({ policy: rows }: World) => rows.flatMap((row, x) => row.map((_, y) => ({ x, y })))
/** β u/n of a completion y that is y + 1 tokens long, scored after the prompt x. */
const reward = ({ policy: p, reference: q }: World, x: number, y: number): number => (0.5 * Math.log(p[x]![y]! / q[x]![y]!)) / (y + 1)
const perToken = getOrThrow(logRatioPerToken(0.5))
const under = (world: World, over: 'policy' | 'reference') => cells(world).map(({ x, y }) => world.prompts[x]! * world[over][x]![y]!)

for (const [checked, over] of [
  [policy(), 'policy'],
  [batch, 'reference'],
] as const)
  test(`independent draws, ${over}: unbiased, and as far off as the mean of two`, () => {
    for (const seed of seeds) {
      const world = worldOf(seed)
      const [weights, values] = [under(world, over), cells(world).map(({ x, y }) => reward(world, x, y))]
      const mean = sum(weights.map((w, i) => w * values[i]!))
      const variance = sum(weights.map((w, i) => w * (values[i]! - mean) ** 2))
      const found = estimateIn(world, getOrThrow(checked as Checked<Reference>), perToken, 'Q')
      close(found.expected, mean)
      close(found.mean, mean)
      close(found.deviation, Math.sqrt(variance / 2))
      close(found.range, Math.max(...values) - Math.min(...values))
    }
  })

test('mismatched data: the mean over pairs of different prompts, each after the other’s; the distance is ½ Σ |μ − Q|', () => {
  for (const seed of seeds) {
    const world = worldOf(seed)
    const { prompts, reference: data } = world
    const pairs = prompts.flatMap((p, x) => prompts.flatMap((q, other) => (x === other ? [] : [{ x, other, weight: p * q }])))
    const apart = sum(pairs.map(({ weight }) => weight))
    const after = (x: number, from: number) => sum(data[from]!.map((share, y) => share * reward(world, x, y)))
    const mean = sum(pairs.map(({ x, other, weight }) => (weight / apart) * ((after(x, other) + after(other, x)) / 2)))
    const found = estimateIn(world, getOrThrow(policy()), perToken, 'mismatched data')
    close(found.mean, mean)
    const mismatched = cells(world).map(({ x, y }) =>
      sum(pairs.map((pair) => (pair.x === x ? (pair.weight / apart) * data[pair.other]![y]! : 0))),
    )
    close(sum(mismatched), 1)
    close(found.distance, sum(under(world, 'policy').map((q, i) => Math.abs(mismatched[i]! - q))) / 2)
  }
})

test('every reference point of the vocabulary is a distribution with an unbiased estimator', () => {
  const sound: readonly (readonly [Checked<Reference>, Checked<Reward>])[] = [
    [policy(), logRatio(1)],
    [policy({ clamped: false, held: false }), logRatio(1)],
    [rejected, logRatio(1)],
    [rankMatched, logRatio(1)],
    [batch, logProbabilityPerToken(1)],
    [running, logRatio(1)],
    [opposite, logRatio(1)],
    [sampler, ratio],
  ]
  for (const [reference, r] of sound)
    for (const seed of seeds) assert.equal(biasIn(seed, getOrThrow(reference), getOrThrow(r)), undefined, getOrThrow(reference).name)
})
test('the sampler of a reward whose mean is not its anchor is biased', () => {
  for (const reference of [sampler, anchor])
    assert.match(biasIn(1, getOrThrow(reference as Checked<Reference>), getOrThrow(logRatio(1)))!, /^E_Q r = -?0\.\d+, estimated as 0$/)
})
