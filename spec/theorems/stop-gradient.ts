/** KTO's reference point is held constant: nothing flows into the unrelated completions. */
import fc from 'fast-check'
import { at as atIndex, grad, logSoftmax, mul, sum, type Tensor, take, tensor } from '../../core/index.ts'
import { catalogue, find, getOrThrow, kto, vary } from '../../halos/index.ts'
import { column, completion, numbers, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const families = await catalogue()
const declared = getOrThrow(kto())
/** The same declaration with a reference point that is not held. */
const flowing = vary(declared, { reference: { ...declared.reference, held: false } })

const logs = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 3, maxLength: 3 })
const scores = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 12, maxLength: 12 })

/** ∂L/∂logits of unrelated completions of one token each, of a vocabulary of four. */
const intoLogits = async (loss: typeof declared, policies: readonly number[], logits: readonly number[]): Promise<readonly number[]> => {
  const outcome = completion(column(...policies), [0, 0, 0])
  const gradient = grad((x: Tensor<'example' | 'vocab'>) => {
    const unrelated = completion(take(logSoftmax(x, 'vocab'), 'vocab', column(0, 3, 1)), [-9, -9, -9])
    return loss.evaluate({ outcome, label: column(1, -1, 1), unrelated }).loss
  })(tensor({ example: 3, vocab: 4 }, logits))
  return numbers(sum(mul(gradient, gradient) as Tensor<'example' | 'vocab'>, 'vocab'))
}
const isZero = (loss: typeof declared) =>
  fc.asyncProperty(logs, scores, async (policies, logits) => (await intoLogits(loss, policies, logits)).every((g) => g === 0))

const held = theorem('Stop-gradient', {
  statement: '∂L/∂logits is exactly 0 for the unrelated completions of KTO',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, §4.1: "we do not back-propagate through z₀"',
  holds: isZero(declared),
  controls: [{ of: 'the same loss with a reference point that is not held', breaks: isZero(flowing) }],
})

/** ∂ℓ₀/∂log π of the other label's completion: what one example's loss asks of another example. */
const ofOthers = (key: 'kto' | 'kto-pair') =>
  fc.asyncProperty(logs, logs, async (policies, unrelated) => {
    const [first] = getOrThrow(find(families, key)!()).needs.pair ? ['chosen'] : ['outcome']
    const at = (p: ReturnType<typeof column>) => {
      const own = completion(p, [0, 0, 0])
      const evidence = {
        ...{ outcome: own, label: column(1, -1, 1), unrelated: completion(column(...unrelated), [0, 0, 0]) },
        ...{ chosen: completion(column(...policies), [0, 0, 0]), rejected: own },
      }
      return atIndex(getOrThrow(find(families, key)!()).evaluate(evidence).losses, 'example', 0)
    }
    // Of judged completions the second is another example; of pairs, every rejected one is.
    const gradient = await slope(
      at,
      policies.map((p) => Math.abs(p) + 1),
    )
    return (first === 'outcome' ? gradient.slice(1) : gradient).every((g) => g === 0)
  })
const apart = theorem('Stop-gradient, between examples', {
  statement: 'the loss of one completion asks nothing of another one in KTO, though z₀ compares it with the batch',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, §4.1',
  holds: ofOthers('kto'),
  controls: [{ of: 'KTO-pair, whose reference point is the other label’s rewards, not held', breaks: ofOthers('kto-pair') }],
})

export default [held, apart]
