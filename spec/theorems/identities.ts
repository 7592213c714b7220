/** Losses that are one another, exactly. */
import fc from 'fast-check'
import { type AnyLoss, catalogue, find, getOrThrow } from '../../halos/index.ts'
import { column, completion, numbers } from '../halos/numbers.ts'
import { type Theorem, theorem } from '../theorem.ts'

const families = await catalogue()
const loss = (key: string, settings = {}): AnyLoss => getOrThrow(find(families, key)!(settings))
const three = fc.array(fc.double({ min: -30, max: -0.1, noNaN: true }), { minLength: 3, maxLength: 3 })

/** a(z) = b(z) + k z for every pair (or completion) of random log-probabilities; z is what a compares. */
const same = (a: AnyLoss, b: AnyLoss, k = 0) =>
  fc.asyncProperty(three, three, three, three, async (p, q, r, s) => {
    const [own, other] = [completion(column(...p), q), completion(column(...r), s)]
    const evidence = { chosen: own, rejected: other, outcome: own, unrelated: other, label: column(1, -1, 1) }
    const [one, two] = [a.evaluate(evidence), b.evaluate(evidence)]
    const [x, y, z] = [await numbers(one.losses), await numbers(two.losses), await numbers((two.relativeReward ?? one.relativeReward)!)]
    return x.every((value, i) => Math.abs(value - y[i]! - k * z[i]!) <= 1e-10 * Math.max(1, Math.abs(value)))
  })
type Property = Theorem['holds']
const identity = (name: string, statement: string, holds: Property, of: string, breaks: Property): Theorem =>
  theorem(name, { statement, source: 'by algebra of the published formulas', holds, controls: [{ of, breaks }], cases: 50 })

const anchored = (unrelated: readonly number[]) =>
  fc.asyncProperty(three, three, async (p, q) => {
    const evidence = {
      outcome: completion(column(...p), q),
      label: column(1, -1, 1),
      unrelated: completion(column(...unrelated), [0, 0, 0]),
    }
    const run = async (key: string) =>
      numbers((loss(key) as AnyLoss).evaluate({ ...evidence, chosen: evidence.outcome, rejected: evidence.outcome }).losses)
    const [one, two] = [await run('kto'), await run('kto-zero')]
    return one.every((x, i) => x === two[i])
  })

export default [
  identity(
    'cDPO',
    'cDPO = DPO + εz',
    same(loss('cdpo', { epsilon: 0.2 }), loss('dpo'), 0.2),
    'another ε',
    same(loss('cdpo', { epsilon: 0.2 }), loss('dpo'), 0.1),
  ),
  identity(
    'Robust DPO',
    'robust = DPO − (ε/(1 − 2ε)) z',
    same(loss('robust-dpo', { epsilon: 0.2 }), loss('dpo'), -0.2 / 0.6),
    'cDPO',
    same(loss('cdpo', { epsilon: 0.2 }), loss('dpo'), -0.2 / 0.6),
  ),
  identity(
    'SimPO',
    'SimPO(γ = 0) = CPO on p̄ (lengths of 10: a tenth of β)',
    same(loss('simpo', { beta: 1, gamma: 0 }), loss('cpo', { beta: 0.1 })),
    'γ = ½',
    same(loss('simpo', { beta: 1, gamma: 0.5 }), loss('cpo', { beta: 0.1 })),
  ),
  identity('APO-zero', 'KTO with z₀ = 0 is APO-zero on single completions', anchored([-1, -1, -1]), 'z₀ > 0', anchored([1, 1, 1])),
]
