/** Theorem 4.3: contradictory preferences. Half of the humans prefer a to b, half b to a; nobody likes c. */
import fc from 'fast-check'
import { add, log as log1, mul, sub, sum, type Tensor } from '../../core/index.ts'
import { dpo, getOrThrow, kto } from '../../halos/index.ts'
import { column, completion, scalar, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const log = fc.double({ min: -8, max: -0.1, noNaN: true })
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12

/** a and b, each judged desirable by one human and undesirable by the other. */
const indifferent = (desirable: number, undesirable: number) =>
  fc.asyncProperty(log, log, log, log, async (a, b, refA, refB) => {
    const loss = getOrThrow(kto({ beta: 0.3, desirable, undesirable }))
    const refs = [refA, refA, refB, refB]
    const at = (policy: ReturnType<typeof column>) => {
      const outcome = completion(policy, refs)
      return loss.evaluate({ outcome, label: column(1, -1, 1, -1), unrelated: completion(column(-1, -2, -1, -2), [-1.5, -2.5, -3, -2]) })
        .loss
    }
    // One policy judges both labels: p is a function of (a, b).
    const gradient = await slope(at, [a, a, b, b])
    return near(await scalar(at(column(a, a, b, b))), 0.5) && gradient[0]! + gradient[1]! === 0 && gradient[2]! + gradient[3]! === 0
  })
const indifference = theorem('Theorem 4.3, KTO', {
  statement: 'under contradictory preferences KTO is constant at ½ and its gradient exactly 0: it does nothing',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Theorem 4.3',
  holds: indifferent(1, 1),
  controls: [{ of: 'unequal weights, λ_D = 1, λ_U = 1.01', breaks: indifferent(1, 1.01) }],
})

/**
 * π_ref spreads over a, b, c. DPO's loss depends on π(a)/π(b) only, and is least where that is the ratio of π_ref; so is it for
 * the policy that keeps only a share k of a and b, and gives the rest to c.
 */
const harm = (dislike: number) =>
  fc.asyncProperty(
    fc.double({ min: 0.05, max: 0.45, noNaN: true }),
    fc.double({ min: 0.05, max: 0.45, noNaN: true }),
    fc.double({ min: 1e-6, max: 0.9, noNaN: true }),
    async (refA, refB, k) => {
      const loss = getOrThrow(dpo({ beta: 1 }))
      const lossAt = async (a: number, b: number) => {
        const [first, second] = [
          completion(column(Math.log(a), Math.log(b)), [refA, refB].map(Math.log)),
          completion(column(Math.log(b), Math.log(a)), [refB, refA].map(Math.log)),
        ]
        return scalar(loss.evaluate({ chosen: first, rejected: second }).loss)
      }
      const optimal = near(await lossAt(k * refA, k * refB), Math.LN2) && (await lossAt(refA * 1.1, refB)) > Math.LN2
      // One human values a at 1 and b at −1, the other the opposite; both dislike c.
      const value = (a: number, b: number, sign: number): number => sign * (a - b) - dislike * (1 - a - b)
      const falls = [1, -1].every((sign) => value(k * refA, k * refB, sign) < value(refA, refB, sign) - 1e-9)
      return optimal && falls
    },
  )
const harmful = theorem('Theorem 4.3, DPO', {
  statement: 'a policy that is optimal for DPO may give its mass to a third output that both humans dislike: the value of both falls',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Theorem 4.3',
  holds: harm(1),
  controls: [{ of: 'a third output that both are indifferent to', breaks: harm(0) }],
})

// ------------------------------------------------------------------ shares p and 1 − p

/** Two outputs a and b; a share p > ½ of the humans prefers a. The references, and the policy, have nothing else to say. */
const two = { p: fc.double({ min: 0.55, max: 0.95, noNaN: true }), beta: fc.double({ min: 0.2, max: 2, noNaN: true }) }
const evenly = { min: 0.02, max: 0.98, noNaN: true }

/**
 * DPO's expected loss p ℓ(z) + (1 − p) ℓ(−z) is least at z = log(p/(1 − p)), where π(a)/π(b) = (π_ref(a)/π_ref(b)) (p/(1 − p))^(1/β):
 * below 1 where p^(1/β) π_ref(a) < (1 − p)^(1/β) π_ref(b). `share` is what fraction of that threshold π_ref(a) has.
 */
const minority = (share: fc.Arbitrary<number>) =>
  fc.asyncProperty(two.p, two.beta, share, async (p, beta, part) => {
    const odds = (p / (1 - p)) ** (1 / beta) // π_ref(a) : π_ref(b) = part : odds
    const [refA, refB] = [part / (part + odds), odds / (part + odds)]
    const optimum = (odds * refA) / (odds * refA + refB)
    const loss = getOrThrow(dpo({ beta }))
    const expected = (a: Tensor<'example'>) => {
      const [y, z] = [completion(log1(a), [Math.log(refA)]), completion(log1(sub(1, a) as Tensor<'example'>), [Math.log(refB)])]
      const [right, wrong] = [loss.evaluate({ chosen: y, rejected: z }).loss, loss.evaluate({ chosen: z, rejected: y }).loss]
      return add(mul(right, p), mul(wrong, 1 - p))
    }
    const [flat] = await slope(expected, [optimum])
    const best = await scalar(expected(column(optimum)))
    const others = await Promise.all([0.9, 1.1].map((k) => scalar(expected(column(Math.min(optimum * k, 1 - 1e-9))))))
    const optimal = Math.abs(flat! * optimum * (1 - optimum)) <= 1e-9 && others.every((other) => other >= best)
    return optimal && optimum < 0.5
  })
const minorities = theorem('Theorem 4.3 (later versions), DPO', {
  statement: 'where p^(1/β) π_ref(a) < (1 − p)^(1/β) π_ref(b), p > ½, the optimum of DPO prefers b, the answer of the minority',
  source: 'Ethayarajh et al. (2024), KTO, later versions, Theorem 4.3; closed form on two arms',
  holds: minority(fc.double({ min: 0.05, max: 0.98, noNaN: true })),
  controls: [{ of: 'π_ref(a) just above that threshold', breaks: minority(fc.double({ min: 1.02, max: 1.2, noNaN: true })) }],
  cases: 100,
})

/** KTO's expected loss falls with π(a) all the way: its optimum is a for sure. Labels weigh their share of the humans. */
const majority = (undesirable: number) =>
  fc.asyncProperty(two.p, two.beta, fc.double(evenly), fc.double(evenly), async (p, beta, refA, start) => {
    const loss = getOrThrow(kto({ beta, desirable: 1, undesirable }))
    const refs = [refA, refA, 1 - refA, 1 - refA].map(Math.log)
    const expected = (a: Tensor<'example'>) => {
      const one = sum(a, 'example')
      const policy = log1(add(mul(column(1, 1, 0, 0), one), mul(column(0, 0, 1, 1), sub(1, one))) as Tensor<'example'>)
      const even = completion(column(0, 0, 0, 0), [0, 0, 0, 0])
      return loss.evaluate({ outcome: completion(policy, refs), label: column(p, p - 1, 1 - p, -p), unrelated: even }).loss
    }
    const falls = await Promise.all([start, 0.01, 0.5, 0.99].map((a) => slope(expected, [a])))
    return falls.every(([g]) => g! < 0)
  })
const majorities = theorem('Theorem 4.3 (later versions), KTO', {
  statement: 'of the same humans, KTO with λ_D = λ_U strictly prefers a, the answer of the majority, whatever π_ref is',
  source: 'Ethayarajh et al. (2024), KTO, later versions, Theorem 4.3; closed form on two arms',
  holds: majority(1),
  controls: [{ of: 'λ_U = 4 λ_D', breaks: majority(4) }],
  cases: 100,
})

export default [indifference, harmful, minorities, majorities]
