/**
 * The estimator of a reference point, in a finite world: the expression that runs is evaluated on every batch of two that can be drawn, and
 * each batch weighs as much as it is probable.
 *
 *     from Q, i.i.d.:     Σ Q(y₁) Q(y₂) · estimate(y₁, y₂) = Σ_y Q(y) r(y)          it is unbiased
 *     mismatched data:    x ≠ x′, y ~ data(·|x), y′ ~ data(·|x′), each scored after the other's prompt, as training does:
 *                         |mean − E_Q r| ≤ (max r − min r) · TV(data, Q)             it is not, by at most this
 *
 * The bounds are theorems of spec/theorems/estimator.ts.
 */
import { interpretation, numbers } from '../core/index.ts'
import { applyPrimitive } from '../core/internal.ts'
import { elements } from './element.ts'
import { expectation, type Reference } from './reference.ts'
import { type Reward, rewardOf } from './reward.ts'
import { symbolic } from './symbolic.ts'
import { type World, worldOf } from './world.ts'

/** A completion y of a prompt x, and what the models say of it. */
interface ScoredSample {
  readonly policy: number
  readonly reference: number
  readonly length: number
}
/** …and how probable it is under Q. */
interface Draw extends ScoredSample {
  readonly probability: number
}
const scored = ({ policy, reference }: World, x: number, y: number): ScoredSample => ({
  policy: Math.log(policy[x]![y]!),
  reference: Math.log(reference[x]![y]!),
  length: y + 1,
})

/** Everything that Q(x', y') can draw, for a completion whose rejected counterpart is completion 0 of prompt 0. */
const drawsOf = ({ over }: Reference, world: World): readonly Draw[] =>
  world.policy.flatMap((row, x) =>
    row.map((p, y) => {
      const point = x === 0 && y === 0 ? 1 : 0
      // The data were sampled by π_ref here; so were those of a clipped policy gradient, by π_old.
      const sampled = world.prompts[x]! * (over === 'unrelated' ? p : world.reference[x]![y]!)
      return { ...scored(world, x, y), probability: over === 'rejected' || over === 'rank' ? point : sampled }
    }),
  )

/** A batch of two, and how probable it is. */
type SampledBatch = readonly [probability: number, one: ScoredSample, two: ScoredSample]
/** Every batch of two: independent draws of Q; or two examples of the data, of different prompts, that answer each other's. */
const batchesOf = (reference: Reference, world: World, from: 'Q' | 'mismatched data'): readonly SampledBatch[] => {
  if (from === 'Q') {
    const draws = drawsOf(reference, world)
    return draws.flatMap((one) => draws.map((two): SampledBatch => [one.probability * two.probability, one, two]))
  }
  const { prompts, reference: data } = world
  const apart = 1 - prompts.reduce((sum, p) => sum + p * p, 0)
  return prompts.flatMap((p, x) =>
    prompts.flatMap((q, other) =>
      x === other
        ? []
        : data[x]!.flatMap((own, y) =>
            data[other]!.map((theirs, z): SampledBatch => [(p * q * own * theirs) / apart, scored(world, x, z), scored(world, other, y)]),
          ),
    ),
  )
}

/** E_Q r, the mean and the standard deviation of its estimate over batches of two, and what bounds the bias. */
export const estimateIn = (world: World, reference: Reference, reward: Reward, from: 'Q' | 'mismatched data') => {
  const r = reward.body(numbers)
  const draws = drawsOf(reference, world)
  const estimate = estimator(reference, reward)
  const estimates = batchesOf(reference, world, from).map(([p, one, two]) => [p, estimate([one, two])] as const)
  const mean = estimates.reduce((sum, [p, x]) => sum + p * x, 0)
  const rewards = draws.map((d) => r(d.policy, d.reference, d.length))
  return {
    expected: draws.reduce((sum, { probability }, i) => sum + probability * rewards[i]!, 0),
    mean,
    deviation: Math.sqrt(estimates.reduce((sum, [p, x]) => sum + p * (x - mean) ** 2, 0)),
    range: Math.max(...rewards) - Math.min(...rewards),
    distance: totalVariation(draws, world),
  }
}
/** TV between Q and the completions of the data of other prompts: ½ Σ |μ − Q|. */
const totalVariation = (draws: readonly Draw[], { prompts, reference: data }: World): number => {
  const apart = 1 - prompts.reduce((sum, p) => sum + p * p, 0)
  const mismatched = prompts.flatMap((p, x) =>
    data[x]!.map((_, y) => prompts.reduce((sum, q, other) => sum + (other === x ? 0 : (p * q * data[other]![y]!) / apart), 0)),
  )
  return draws.reduce((sum, { probability }, i) => sum + Math.abs(probability - mismatched[i]!), 0) / 2
}

/** What is wrong with Q, or with its estimator on independent draws of it (before the clamp), in a world; nothing, if nothing is. */
export const biasIn = (seed: number, reference: Reference, reward: Reward): string | undefined => {
  const world = worldOf(seed)
  const draws = drawsOf(reference, world)
  const total = draws.reduce((sum, { probability }) => sum + probability, 0)
  if (draws.some(({ probability }) => probability < 0) || !close(total, 1)) return `Q sums to ${total}`
  const { expected, mean } = estimateIn(world, reference, reward, 'Q')
  return close(expected, mean) ? undefined : `E_Q r = ${expected}, estimated as ${mean}`
}
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b))

/** The expression that is run (but for the clamp), of a batch of two of which the second is undesirable, as a function of what was drawn. */
const estimator = (reference: Reference, reward: Reward): ((batch: readonly ScoredSample[]) => number) => {
  type Of = (batch: readonly ScoredSample[]) => number
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
