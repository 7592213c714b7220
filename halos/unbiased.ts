/**
 * The estimator of a reference point, in a finite world: the expression that runs is evaluated on every batch of two that Q can draw, and
 * the mean over all of them, each weighed by its probability, must be the exact expectation.
 *
 *     Σ_batches Q(y₁) Q(y₂) · estimate(y₁, y₂) = Σ_y Q(y) r(y)
 */
import { applyPrimitive, interpretation, numbers } from '../core/index.ts'
import { elements } from './element.ts'
import { expectation, type Reference } from './reference.ts'
import { type Reward, rewardOf } from './reward.ts'
import { symbolic } from './symbolic.ts'
import { type World, worldOf } from './world.ts'

/** A completion y of a prompt x: how probable it is under Q, and what the models say of it. */
interface Draw {
  readonly probability: number
  readonly policy: number
  readonly reference: number
  readonly length: number
}

/** Everything that Q(x', y') can draw, for a completion whose rejected counterpart is completion 0 of prompt 0. */
const drawsOf = ({ over }: Reference, { prompts, policy, reference }: World): readonly Draw[] =>
  policy.flatMap((row, x) =>
    row.map((p, y) => {
      const q = reference[x]![y]!
      const point = x === 0 && y === 0 ? 1 : 0
      // The data were sampled by π_ref here; so were those of a clipped policy gradient, by π_old.
      const probability = over === 'rejected' || over === 'rank' ? point : prompts[x]! * (over === 'unrelated' ? p : q)
      return { probability, policy: Math.log(p), reference: Math.log(q), length: y + 1 }
    }),
  )

/** What is wrong with Q or its estimator (before the clamp) in a world; nothing, if nothing is. */
export const biasIn = (seed: number, reference: Reference, reward: Reward): string | undefined => {
  const draws = drawsOf(reference, worldOf(seed))
  const total = draws.reduce((sum, { probability }) => sum + probability, 0)
  if (draws.some(({ probability }) => probability < 0) || !close(total, 1)) return `Q sums to ${total}`
  const r = reward.body(numbers)
  const mean = draws.reduce((sum, d) => sum + d.probability * r(d.policy, d.reference, d.length), 0)
  const estimate = estimator(reference, reward)
  const expected = draws.reduce(
    (sum, one) => sum + draws.reduce((inner, two) => inner + one.probability * two.probability * estimate([one, two]), 0),
    0,
  )
  return close(mean, expected) ? undefined : `E_Q r = ${mean}, estimated as ${expected}`
}
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b))

/** The expression that is run, of a batch of two of which the second is undesirable, as a function of what was drawn. */
const estimator = (reference: Reference, reward: Reward): ((batch: readonly Draw[]) => number) => {
  type Of = (batch: readonly Draw[]) => number
  const functions = interpretation<Of>(
    (n) => () => n,
    (word, args) => (batch) =>
      applyPrimitive(
        numbers,
        word,
        args.map((f) => f(batch)),
      ),
  )
  const expected = expectation({ ...reference, clamped: false }, rewardOf(reward), reward.centre, symbolic(2))
  return elements(functions, (leaf, { example = 0 }) => {
    const [, part] = leaf.op.tag === 'input' ? leaf.op.name.split('.') : []
    if (part === undefined) return () => (example === 0 ? 1 : -1)
    return (batch) => batch[example]![part as 'policy' | 'reference' | 'length'] // a leaf of a completion is one of its parts
  })(expected, { example: 0 })
}
