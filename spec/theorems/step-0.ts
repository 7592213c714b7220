/** Before the first step the policy is its reference model. */
import fc from 'fast-check'
import { type AnyLoss, catalogue, dpo, find, getOrThrow, kto } from '../../halos/index.ts'
import { column, completion, numbers, scalar } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const families = await catalogue()
const logs = fc.array(fc.double({ min: -50, max: -0.1, noNaN: true }), { minLength: 2, maxLength: 5 })
const weight = fc.double({ min: 0.1, max: 3, noNaN: true })
const near = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-12

/** `moved` is how far the policy is from its reference model. */
const identities = (moved: number) =>
  fc.asyncProperty(logs, weight, weight, async (policy, desirable, undesirable) => {
    const y = completion(
      column(...policy),
      policy.map((p) => p - moved),
    )
    const label = column(...policy.map((_, i) => (i % 2 === 0 ? 1 : -1)))
    const lambda = policy.map((_, i) => (i % 2 === 0 ? desirable : undesirable))
    const evidence = { outcome: y, label, unrelated: y, chosen: y, rejected: completion(column(...policy), policy) }
    const at = (loss: AnyLoss) => loss.evaluate(evidence)
    const k = at(getOrThrow(kto({ desirable, undesirable })))
    const zero = (await numbers(k.rewards.outcome!)).every((r) => r === 0) && (await scalar(k.z0!)) === 0
    const half = near(await scalar(k.loss), lambda.reduce((a, b) => a + b, 0) / (2 * policy.length))
    const apo = near(await scalar(at(getOrThrow(find(families, 'apo-zero')!())).loss), 1)
    return zero && half && apo && near(await scalar(at(getOrThrow(dpo())).loss), Math.LN2)
  })

export default [
  theorem('Step 0', {
    statement: 'π_θ = π_ref: rewards and z₀ are 0, DPO is log 2, KTO the mean of λ/2, APO-zero 1',
    source: 'Rafailov et al. (2023), eq. 7; Ethayarajh et al. (2024), arXiv:2402.01306v1, eq. 7',
    holds: identities(0),
    controls: [{ of: 'a policy that has moved by 0.001', breaks: identities(1e-3) }],
    cases: 50,
  }),
]
