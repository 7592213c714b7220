/**
 * Theorem 4.2, exactly, on finite worlds: rewards that differ by a function of the prompt alone are one to DPO, and two to KTO.
 *
 *     r′(x, y) = r(x, y) + h(x),   law of v(r − E_Q r) ≠ law of v(r′ − E_Q r′)   unless h is constant
 */
import fc from 'fast-check'
import { dpo, getOrThrow, kto, policy, vary } from '../../halos/index.ts'
import { softmax, type World, worldOf } from '../../halos/internal.ts'
import { averaging, column, completion, numbers, scalar } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const beta = 0.5
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
/** KTO with its reference point as the theorem has it: E_Q r itself, which may be negative. */
const exact = vary(getOrThrow(kto({ beta })), { reference: getOrThrow(policy({ clamped: false })) })

type Reward = (x: number, y: number) => number
/** Every prompt with every completion, and how probable they are under Q = (prompts, π_ref). */
const cells = ({ prompts, reference }: World) =>
  reference.flatMap((row, x) => row.map((q, y) => ({ x, y, q, probability: prompts[x]! * q })))

/** The optimal policy of a reward, and its preferences under Bradley and Terry. */
const induced = (world: World, r: Reward): readonly number[] => [
  ...world.reference.flatMap((row, x) => softmax(row.map((q, y) => Math.log(q) + r(x, y) / beta))),
  ...cells(world).map(({ x, y }) => sigmoid(r(x, y) - r(x, 0))),
]
/** A reward as log-probabilities: log π_ref + r/β. */
const judged = (world: World, r: Reward, at: (y: number) => number) =>
  completion(
    column(...cells(world).map(({ x, y }) => Math.log(world.reference[x]![at(y)]!) + r(x, at(y)) / beta)),
    cells(world).map(({ x, y }) => Math.log(world.reference[x]![at(y)]!)),
  )
const dpoLoss = (world: World, r: Reward) =>
  scalar(getOrThrow(dpo({ beta })).evaluate({ chosen: judged(world, r, () => 0), rejected: judged(world, r, (y) => y) }).loss)
/** The law of KTO's loss of a desirable completion, 1 − v: its values, in order. */
const law = async (world: World, r: Reward): Promise<readonly number[]> => {
  const expected = cells(world).reduce((sum, { x, y, probability }) => sum + probability * r(x, y), 0)
  const outcome = judged(world, r, (y) => y)
  const label = column(...cells(world).map(() => 1))
  const { losses } = exact.evaluate({ outcome, label, unrelated: outcome }, averaging(expected))
  const found = await numbers(losses)
  return [...found].sort((a, b) => a - b)
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.every((x, i) => near(x, b[i]!))

const equivalent = (h: (x: number, size: number) => number) =>
  fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.5, max: 3, noNaN: true }), async (seed, size) => {
    const world = worldOf(seed)
    const r: Reward = (x, y) => Math.log(world.policy[x]![y]! * 6)
    const shifted: Reward = (x, y) => r(x, y) + h(x, size)
    const alike = same(induced(world, r), induced(world, shifted)) && near(await dpoLoss(world, r), await dpoLoss(world, shifted))
    return alike && !same(await law(world, r), await law(world, shifted))
  })

/** Any reward within ±bound: a shift of one prompt by more than four times the bound spreads z wider than r can. */
const bounded = (h: (x: number, bound: number) => number) =>
  fc.asyncProperty(
    fc.integer({ min: 0, max: 1e6 }),
    fc.double({ min: 0.1, max: 5, noNaN: true }),
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 24, maxLength: 24 }),
    async (seed, bound, table) => {
      const world = worldOf(seed)
      const r: Reward = (x, y) => bound * table[6 * x + y]!
      const shifted: Reward = (x, y) => r(x, y) + h(x, bound)
      return same(induced(world, r), induced(world, shifted)) && !same(await law(world, r), await law(world, shifted))
    },
  )

export default [
  theorem('Theorem 4.2', {
    statement:
      'r and r + h(x), h not constant, induce one optimal policy, one Bradley–Terry model and one DPO loss, but another law of human value: that of KTO’s losses with z₀ = E_Q r',
    source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Theorem 4.2',
    holds: equivalent((x, size) => (x === 0 ? size : -size)),
    controls: [{ of: 'h ≡ c, the same shift of every prompt', breaks: equivalent((_, size) => size) }],
    cases: 60,
  }),
  theorem('Theorem 4.2, of every bounded reward', {
    statement: 'for every r within ±B there is an h(x) such that r + h has the same optimal policy, and another law of human value',
    source: 'Ethayarajh et al. (2024), KTO, later versions, Theorem 4.2; h = 5B at one prompt, 0 at the others',
    holds: bounded((x, bound) => (x === 0 ? 5 * bound : 0)),
    controls: [{ of: 'h ≡ 5B', breaks: bounded((_, bound) => 5 * bound) }],
    cases: 60,
  }),
]
