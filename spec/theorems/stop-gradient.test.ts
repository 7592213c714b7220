/** KTO's reference point is held constant: nothing flows into the unrelated completions. */
import fc from 'fast-check'
import { certain, kto, vary } from '../../halos/index.ts'
import { column, completion, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const declared = certain(kto())
/** The same declaration with a reference point that is not held. */
const flowing = vary(declared, { reference: { ...declared.reference, held: false } })

const logs = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 3, maxLength: 3 })
const intoUnrelated = (loss: typeof declared, policies: readonly number[], unrelated: readonly number[]) => {
  const outcome = completion(column(...policies), [0, 0, 0])
  return slope((p) => loss.evaluate({ outcome, label: column(1, -1, 1), unrelated: completion(p, [0, 0, 0]) }).loss, unrelated)
}
const isZero = (loss: typeof declared) =>
  fc.asyncProperty(logs, logs, async (policies, unrelated) => (await intoUnrelated(loss, policies, unrelated)).every((g) => g === 0))

theorem('Stop-gradient', {
  statement: '∂L/∂log π_θ(y′|x) is exactly 0 for the unrelated completions of KTO',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, §4.1: "we do not back-propagate through z₀"',
  holds: isZero(declared),
  control: { of: 'the same loss with a reference point that is not held', breaks: isZero(flowing) },
})
