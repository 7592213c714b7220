/** Theorem 4.2, exactly, on finite worlds: rewards that differ by h(x) are one to DPO, and two to KTO. */
import fc from 'fast-check'
import { dpo, getOrThrow, kto, softmax, worldOf } from '../../halos/index.ts'
import { column, completion, numbers, scalar } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const beta = 0.5
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** A world, a reward on it, and the rewards as log-probabilities: p = log π_ref + r/β. */
const equivalent = (h: (x: number, size: number) => number) =>
  fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.5, max: 3, noNaN: true }), async (seed, size) => {
    const { reference, policy } = worldOf(seed)
    const r = (x: number, y: number): number => Math.log(policy[x]![y]! * 6)
    const shifted = (x: number, y: number): number => r(x, y) + h(x, size)
    const rows = reference.map((row, x) => row.map((q, y) => [x, y, q] as const))
    const optimal = (reward: typeof r) => rows.flatMap((row) => softmax(row.map(([x, y, q]) => Math.log(q) + reward(x, y) / beta)))
    const samePolicy = optimal(r).every((p, i) => near(p, optimal(shifted)[i]!))
    const samePreferences = rows.every((row) =>
      row.every(([x, y]) => near(sigmoid(r(x, y) - r(x, 0)), sigmoid(shifted(x, y) - shifted(x, 0)))),
    )
    const all = rows.flat()
    const judged = (reward: typeof r) =>
      completion(
        column(...all.map(([x, y, q]) => Math.log(q) + reward(x, y) / beta)),
        all.map(([, , q]) => Math.log(q)),
      )
    const first = (reward: typeof r) =>
      completion(
        column(...all.map(([x]) => Math.log(reference[x]![0]!) + reward(x, 0) / beta)),
        all.map(([x]) => Math.log(reference[x]![0]!)),
      )
    const label = column(...all.map(([, y]) => (y === 0 ? 1 : -1)))
    const dpoAt = (reward: typeof r) => scalar(getOrThrow(dpo({ beta })).evaluate({ chosen: first(reward), rejected: judged(reward) }).loss)
    const ktoAt = async (reward: typeof r) =>
      numbers(getOrThrow(kto({ beta })).evaluate({ outcome: judged(reward), label, unrelated: first(reward) }).losses)
    const [one, other] = [await ktoAt(r), await ktoAt(shifted)]
    const differ = one.some((loss, i) => !near(loss, other[i]!))
    return samePolicy && samePreferences && near(await dpoAt(r), await dpoAt(shifted)) && differ
  })

export default [
  theorem('Theorem 4.2', {
    statement:
      'r and r + h(x) induce one optimal policy, one Bradley–Terry model and one DPO loss, but another distribution of human value (KTO)',
    source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Theorem 4.2',
    holds: equivalent((x, size) => (x === 0 ? size : -size)),
    controls: [{ of: 'h ≡ 0', breaks: equivalent(() => 0) }],
    cases: 60,
  }),
]
