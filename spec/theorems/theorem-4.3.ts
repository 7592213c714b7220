/** Theorem 4.3: contradictory preferences. Half of the humans prefer a to b, half b to a; nobody likes c. */
import fc from 'fast-check'
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
  controls: [{ of: 'unequal weights, λ_D = 1, λ_U = 4/3', breaks: indifferent(1, 4 / 3) }],
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
  controls: [{ of: 'a third output that both like', breaks: harm(-1) }],
})

export default [indifference, harmful]
