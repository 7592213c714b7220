/**
 * What the estimate of z₀ is worth. In a finite world, by the expression that trains, over every batch of two:
 *
 *     z̄ = mean of r over the unrelated completions,   z₀ = max(0, z̄)
 */
import fc from 'fast-check'
import { getOrThrow, kto, policy, type Statistic, vary } from '../../halos/index.ts'
import { pool, worldOf } from '../../halos/internal.ts'
import { estimateIn } from '../../halos/unbiased.ts'
import { averaging, column, completion, numbers, scalar, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const declared = getOrThrow(kto({ beta: 1 }))
const seed = fc.integer({ min: 0, max: 1e6 })
const real = (min: number, max: number) => fc.double({ min, max, noNaN: true })

type From = 'Q' | 'mismatched data'
const estimate = (from: From, world: number) => estimateIn(worldOf(world), declared.reference, declared.reward, from)

const unbiased = (from: From) =>
  fc.property(seed, (world) => {
    const { mean, expected } = estimate(from, world)
    return Math.abs(mean - expected) <= 1e-12 * Math.max(1, Math.abs(expected))
  })
const ofDraws = theorem('The estimate of z₀', {
  statement: 'the mean reward of independent draws of π_θ is, before the clamp, unbiased for E_Q r = β KL(π_θ‖π_ref)',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, §4.1',
  holds: unbiased('Q'),
  controls: [{ of: 'what trains: completions of the data of other prompts', breaks: unbiased('mismatched data') }],
})

const bounded = (part: number) =>
  fc.property(seed, (world) => {
    const { mean, expected, range, distance } = estimate('mismatched data', world)
    return Math.abs(mean - expected) <= part * range * distance * (1 + 1e-12)
  })
const mismatched = theorem('The bias of mismatched data', {
  statement: 'completions of other prompts of the data estimate z₀ with a bias of at most (max r − min r) · TV(data, π_θ)',
  source: 'E_μ r − E_Q r = Σ (μ − Q)(r − c), at the c in the middle of r’s range',
  holds: bounded(1),
  controls: [{ of: 'half of that bound', breaks: bounded(0.5) }],
  cases: 500,
})

/** Means of n independent numbers, each a or −b so that its expectation is m: everything about max(0, mean), exactly. */
const clamp = (part: number) =>
  fc.property(real(0.1, 3), real(0.1, 3), real(0.01, 0.99), fc.integer({ min: 1, max: 12 }), (a, b, p, n) => {
    const outcomes = Array.from(
      { length: n + 1 },
      (_, k) => [binomial(n, k) * p ** k * (1 - p) ** (n - k), (k * a - (n - k) * b) / n] as const,
    )
    const mean = outcomes.reduce((sum, [q, x]) => sum + q * x, 0)
    const clamped = outcomes.reduce((sum, [q, x]) => sum + q * Math.max(0, x), 0)
    const deviation = Math.sqrt(outcomes.reduce((sum, [q, x]) => sum + q * (x - mean) ** 2, 0))
    const bias = clamped - Math.max(0, mean)
    return bias >= -1e-12 && bias <= part * deviation + 1e-12
  })
const binomial = (n: number, k: number): number => (k === 0 ? 1 : (binomial(n, k - 1) * (n - k + 1)) / k)
const ofClamp = theorem('The bias of the clamp', {
  statement: 'max(0, mean) exceeds max(0, E mean) on average, by at most half a standard deviation of the mean: sd(r)/(2√n) of n draws',
  source: 'Jensen; max(0, x) = (x + |x|)/2 and E|X| − |E X| ≤ E|X − E X|',
  holds: clamp(0.5),
  controls: [{ of: 'a quarter of a standard deviation', breaks: clamp(0.25) }],
  cases: 500,
})

// ------------------------------------------------------------------ what it does to the loss and to its gradient

const logs = fc.array(real(-6, 6), { minLength: 3, maxLength: 3 })
const zeros = [0, 0, 0]
const lipschitz = (part: number) =>
  fc.asyncProperty(logs, real(0, 4), real(0, 4), real(0.2, 3), async (u, one, other, lambda) => {
    const loss = getOrThrow(kto({ beta: 1, desirable: lambda, undesirable: lambda }))
    const outcome = completion(column(...u), zeros)
    const at = async (z0: number) => {
      return numbers(loss.evaluate({ outcome, label: column(1, -1, 1), unrelated: outcome }, averaging(z0)).losses)
    }
    const [x, y] = [await at(one), await at(other)]
    return x.every((value, i) => Math.abs(value - y[i]!) <= part * lambda * Math.abs(one - other) + 1e-12)
  })
const inTheLoss = theorem('What a biased z₀ does to KTO', {
  statement: 'an error of δ in z₀ moves no example’s loss by more than λ|δ|/4',
  source: '|σ′| ≤ ¼',
  holds: lipschitz(0.25),
  controls: [{ of: 'λ|δ|/5', breaks: lipschitz(0.2) }],
})

/** ∂L/∂θ with z₀ held and not, where θ moves one log-ratio that the judged and the unrelated completions share. */
const held = (part: number) =>
  fc.asyncProperty(logs, real(0, 4), real(0.1, 2), fc.constantFrom(1, -1), async (u, theta, rate, sign) => {
    const gradient = async (hold: boolean) => {
      const loss = vary(declared, { reference: getOrThrow(policy({ clamped: false, held: hold })) })
      const [own, moved] = await Promise.all([
        slope((x) => loss.evaluate({ outcome: completion(x, zeros), label: column(sign, sign, sign), unrelated: at(theta) }).loss, u),
        slope(
          (x) =>
            loss.evaluate({ outcome: completion(column(...u), zeros), label: column(sign, sign, sign), unrelated: completion(x, zeros) })
              .loss,
          [theta, theta, theta],
        ),
      ])
      return [...own, ...moved].reduce((sum, g) => sum + rate * g, 0)
    }
    return Math.abs((await gradient(true)) - (await gradient(false))) <= part * rate + 1e-12
  })
const at = (theta: number) => completion(column(theta, theta, theta), zeros)
const ofHolding = theorem('What holding z₀ constant leaves out', {
  statement: 'the gradient with z₀ held differs from that of the loss by at most λ|∂z₀/∂θ|/4',
  source: '∂L/∂z₀ is a mean of ±λσ′(z), and |σ′| ≤ ¼',
  holds: held(0.25),
  controls: [{ of: 'λ|∂z₀/∂θ|/5', breaks: held(0.2) }],
  cases: 100,
})

/** A batch whose unrelated completions are its own. */
const batch = (u: readonly number[]) => {
  const own = completion(
    column(...u),
    u.map(() => 0),
  )
  return { outcome: own, label: column(...u.map(() => 1)), unrelated: own }
}
/** z₀ of a batch in two parts: pooled before the clamp, or each part clamped by itself. */
const inParts = (pooled: boolean) =>
  fc.asyncProperty(logs, logs, async (one, two) => {
    const z0 = async (u: readonly number[], statistic?: Statistic) => scalar(declared.evaluate(batch(u), statistic).z0!)
    const together = pool(declared.statistic!(batch(one)), declared.statistic!(batch(two)))
    const parts = pooled ? await z0(one, together) : ((await z0(one)) + (await z0(two))) / 2
    return Math.abs(parts - (await z0([...one, ...two]))) <= 1e-12
  })
const ofParts = theorem('z₀ over micro-batches', {
  statement: 'statistics that are pooled before the clamp give the z₀ of the whole batch: accumulation adds no bias',
  source: 'sums add up; Jensen, for the control',
  holds: inParts(true),
  controls: [{ of: 'each micro-batch clamped by itself', breaks: inParts(false) }],
  cases: 100,
})

export default [ofDraws, mismatched, ofClamp, inTheLoss, ofHolding, ofParts]
