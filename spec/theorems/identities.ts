/** Losses that are one another, exactly. */
import fc from 'fast-check'
import { type AnyLoss, catalogue, type Everything, find, getOrThrow } from '../../halos/index.ts'
import { column, completion, numbers } from '../halos/numbers.ts'
import { type Theorem, theorem } from '../theorem.ts'

const families = await catalogue()
const loss = (key: string, settings = {}): AnyLoss => getOrThrow(find(families, key)!(settings))
const three = fc.array(fc.double({ min: -30, max: -0.1, noNaN: true }), { minLength: 3, maxLength: 3 })

/** a(z) = b(z) + k z for every pair (or completion) of random log-probabilities; z is what a compares. */
const same = (a: AnyLoss, b: AnyLoss, k = 0, columns: Partial<Everything> = {}) =>
  fc.asyncProperty(three, three, three, three, async (p, q, r, s) => {
    const [own, other] = [completion(column(...p), q), completion(column(...r), s)]
    const evidence = { chosen: own, rejected: other, outcome: own, unrelated: other, label: column(1, -1, 1), ...columns }
    const [one, two] = [a.evaluate(evidence), b.evaluate(evidence)]
    const [x, y, z] = [await numbers(one.losses), await numbers(two.losses), await numbers((two.relativeReward ?? one.relativeReward)!)]
    return x.every((value, i) => Math.abs(value - y[i]! - k * z[i]!) <= 1e-10 * Math.max(1, Math.abs(value)))
  })
/** NCA of a chosen answer with this share and a rejected one with the rest of 2, against the loss of pairs. */
const shared = (share: number) =>
  fc.asyncProperty(three, three, three, three, async (p, q, r, s) => {
    const [own, other] = [completion(column(...p), q), completion(column(...r), s)]
    const evidence = everything(own, other)
    const nca = (outcome: typeof own, k: number) => numbers(loss('nca').evaluate({ ...evidence, outcome, share: column(k, k, k) }).losses)
    const [liked, disliked] = [await nca(own, share), await nca(other, 2 - share)]
    const pairs = await numbers(loss('nca-pair').evaluate(evidence).losses)
    return pairs.every((x, i) => near(2 * x, liked[i]! + disliked[i]!))
  })
type Property = Theorem['holds']
const identity = (name: string, statement: string, holds: Property, of: string, breaks: Property): Theorem =>
  theorem(name, { statement, source: 'by algebra of the published formulas', holds, controls: [{ of, breaks }], cases: 50 })

/** APO-zero of n pairs is KTO of 2n judged completions whose reference point is z₀, clamped: the rewards of the unrelated are given. */
const anchored = (unrelated: number) =>
  fc.asyncProperty(three, three, three, three, async (p, q, r, s) => {
    const [chosen, other] = [completion(column(...p), q), completion(column(...r), s)]
    const elsewhere = completion(column(unrelated, unrelated, unrelated), [0, 0, 0])
    const kto = (outcome: typeof chosen, sign: number) =>
      numbers(loss('kto').evaluate({ ...everything(outcome, other), label: column(sign, sign, sign), unrelated: elsewhere }).losses)
    const [liked, disliked] = [await kto(chosen, 1), await kto(other, -1)]
    const apo = await numbers(loss('apo-zero').evaluate(everything(chosen, other)).losses)
    return apo.every((x, i) => near(x, liked[i]! + disliked[i]!))
  })
const everything = (own: ReturnType<typeof completion>, other: ReturnType<typeof completion>) => ({
  ...{ chosen: own, rejected: other, outcome: own, unrelated: other, label: column(1, -1, 1) },
})
const near = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-10 * Math.max(1, Math.abs(x))

/** SimPO of p over n tokens is CPO of p/n, whatever n. */
const perToken = (gamma: number) =>
  fc.asyncProperty(three, three, lengths, lengths, beta, async (p, q, m, n, b) => {
    const [own, other] = [completion(column(...p), p), completion(column(...q), q)]
    const [long, short] = [
      { ...own, length: column(...m) },
      { ...other, length: column(...n) },
    ]
    const averaged = everything(completion(column(...p.map((x, i) => x / m[i]!)), p), completion(column(...q.map((x, i) => x / n[i]!)), q))
    const x = await numbers(loss('simpo', { beta: b, gamma }).evaluate(everything(long, short)).losses)
    const y = await numbers(loss('cpo', { beta: b }).evaluate(averaged).losses)
    return x.every((value, i) => near(value, y[i]!))
  })
const lengths = fc.array(fc.integer({ min: 1, max: 512 }), { minLength: 3, maxLength: 3 })
const beta = fc.double({ min: 0.1, max: 5, noNaN: true })

export default [
  identity(
    'cDPO',
    'cDPO = DPO + εz',
    same(loss('cdpo', { epsilon: 0.2 }), loss('dpo'), 0.2),
    'ε that is 1 % off',
    same(loss('cdpo', { epsilon: 0.2 }), loss('dpo'), 0.202),
  ),
  identity(
    'Robust DPO',
    'robust = DPO − (ε/(1 − 2ε)) z',
    same(loss('robust-dpo', { epsilon: 0.2 }), loss('dpo'), -0.2 / 0.6),
    'cDPO',
    same(loss('cdpo', { epsilon: 0.2 }), loss('dpo'), -0.2 / 0.6),
  ),
  identity('SimPO', 'SimPO(γ = 0) of completions of any lengths = CPO on p̄', perToken(0), 'γ = 0.01', perToken(0.01)),
  identity(
    'MaPPO',
    'MaPPO of pairs whose scores differ by 1 is DPO',
    same(loss('mappo'), loss('dpo'), 0, { margin: column(1, 1, 1) }),
    'scores that differ by 0.99',
    same(loss('mappo'), loss('dpo'), 0, { margin: column(0.99, 0.99, 0.99) }),
  ),
  identity(
    'NCA',
    'NCA of two answers, with shares 2 and 0: both together are twice its loss of pairs',
    shared(2),
    'shares 1.99 and 0.01',
    shared(1.99),
  ),
  identity(
    'APO-zero',
    'KTO whose z₀ is clamped to 0 is APO-zero: the losses of both completions of a pair add up to that of the pair',
    anchored(-1),
    'a z₀ of 0.001',
    anchored(0.01),
  ),
]
