/** What z₀ does: "the KL term only controls saturation". */
import fc from 'fast-check'
import { type AnyLoss, catalogue, find, getOrThrow } from '../../halos/index.ts'
import { column, completion, scalar } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const families = await catalogue()
const logs = fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: 3, maxLength: 3 })
const shift = fc.double({ min: 0.5, max: 5, noNaN: true })

/** Unrelated rewards are not negative here, so z₀ ≥ 0 before and after. */
const unmoved = (loss: AnyLoss) =>
  fc.asyncProperty(logs, logs, shift, async (outcomes, unrelated, c) => {
    const at = (moved: number) => {
      const zero = [0, 0, 0]
      const outcome = completion(column(...outcomes.map((u) => u + moved)), zero)
      const others = completion(column(...unrelated.map((u) => u + moved)), zero)
      return scalar(loss.evaluate({ outcome, label: column(1, -1, 1), unrelated: others, chosen: outcome, rejected: others }).loss)
    }
    return Math.abs((await at(c)) - (await at(0))) < 1e-12
  })

export default [
  theorem('The reference point moves along', {
    statement: 'adding c to every log-ratio, unrelated completions included, leaves KTO unchanged while z₀ ≥ 0',
    source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, §4.1: the KL term only controls how saturated the loss is',
    holds: unmoved(getOrThrow(find(families, 'kto')!())),
    controls: [{ of: 'KTO with z₀ = 0', breaks: unmoved(getOrThrow(find(families, 'kto-zero')!())) }],
  }),
]
