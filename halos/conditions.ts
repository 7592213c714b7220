/** The conditions of Definition 3.4, one by one, and how each is decided for a declaration. */
import { derivative, grad, numbers, type Tensor, type Unary } from '../core/index.ts'
import { constant, type Interval } from '../core/internal.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { type Claim, concave, decide, decideEnclosed, encloseFirst, increasing, nonDecreasing } from './prove.ts'
import type { Reward } from './reward.ts'
import { only, symbolic } from './symbolic.ts'
import { biasIn } from './unbiased.ts'

export type Finding =
  /** True on every point of the segment, by enclosures rounded outwards; `beyond` says what was done outside of it. */
  | { readonly tag: 'proved'; readonly segment: Interval; readonly boxes: number; readonly beyond?: string }
  | { readonly tag: 'by construction'; readonly why: string }
  | { readonly tag: 'tested'; readonly cases: number; readonly seed: number; readonly what: string }
  | { readonly tag: 'refuted'; readonly witness: string }
  | { readonly tag: 'open'; readonly why: string }
export interface Condition {
  readonly name: string
  readonly finding: Finding
}

// ------------------------------------------------------------------ v

/** The least gain that is looked at: no number that a computer holds as a normal one is between it and 0. */
const least = 2 ** -1000
/** As far as log-ratios go, where a proof does not reach further. */
const far = 2 ** 14

/** A claim about v, proved on the whole segment; or as far as `far`, and sampled beyond. */
const ofValue = (name: string, v: Unary, claim: Claim, whole: Interval): Condition => {
  const refuted = ([a, b]: Interval): Condition => ({
    name,
    finding: { tag: 'refuted', witness: a === b ? `z = ${a}` : `between z = ${a} and z = ${b}` },
  })
  const everywhere = decide(v, claim, whole)
  if (everywhere.tag === 'proved') return { name, finding: { tag: 'proved', segment: whole, boxes: everywhere.boxes } }
  if (everywhere.tag === 'refuted') return refuted(everywhere.witness)
  const segment: Interval = [Math.max(whole[0], -far), far]
  const near = decide(v, claim, segment)
  if (near.tag === 'refuted') return refuted(near.witness)
  if (near.tag === 'open') return { name, finding: { tag: 'open', why: `no box could be decided near z = ${near.box[0]}` } }
  const outside = tail.flatMap((z) => (whole[0] < 0 ? [z, -z] : [z]))
  const [slope, curvature] = [derivative(v)(numbers), derivative(derivative(v))(numbers)]
  const fails = outside.find((z) => (claim === concave ? curvature(z) > 0 : slope(z) < 0))
  if (fails !== undefined) return refuted([fails, fails])
  return { name, finding: { tag: 'proved', segment, boxes: near.boxes, beyond: `beyond, ${outside.length} points up to 10⁸ sampled` } }
}
const tail = Array.from({ length: 100 }, (_, i) => far * (1e8 / far) ** ((i + 1) / 100))

export const valueConditions = ({ body }: { readonly body: Unary }): readonly Condition[] => [
  ofValue('v is non-decreasing', body, nonDecreasing, [-Infinity, Infinity]),
  ofValue('v is concave on gains', body, concave, [least, Infinity]),
]

// ------------------------------------------------------------------ t, r

export const affineCondition = ({ t, inverseTemperature }: Pick<Halo, 't' | 'inverseTemperature'>): Condition => {
  const bad = [t.desirable.scale, t.undesirable.scale, inverseTemperature.desirable, inverseTemperature.undesirable].find(
    (scale) => !(scale > 0),
  )
  const [up, down] = [t.desirable, t.undesirable].map(
    ({ shift, scale }) => `${shift === 0 ? '−' : `${shift} − `}${scale === 1 ? '' : `${scale} `}v`,
  )
  return {
    name: 't is negative affine',
    finding:
      bad === undefined
        ? { tag: 'by construction', why: up === down ? `t(v) = ${up}` : `t(v) = ${up} (desirable), ${down} (undesirable)` }
        : { tag: 'refuted', witness: `scale ${bad}` },
  }
}

/** r in log π_θ, for every log π_ref in [−64, 0] and every length from 1 to 512 at once. */
export const rewardCondition = ({ body }: Reward): Condition => {
  const name = 'r increases with log π'
  const segment: Interval = [-64, -(2 ** -20)]
  const decision = decideEnclosed(encloseFirst(body, [-64, 0], [1, 512]), increasing, segment)
  const finding: Finding =
    decision.tag === 'proved'
      ? { tag: 'proved', segment, boxes: decision.boxes, beyond: 'for all log π_ref in [−64, 0] and 1 … 512 tokens at once' }
      : decision.tag === 'refuted'
        ? { tag: 'refuted', witness: `log π = ${decision.witness[0]}` }
        : { tag: 'open', why: `no box could be decided near log π = ${decision.box[0]}` }
  return { name, finding }
}

// ------------------------------------------------------------------ Q

const seed = 1979
/** Q is a distribution, and the estimator that is run has the mean E_Q r: in finite worlds, over every batch of two. */
export const referenceCondition = ({ reference, reward }: Pick<Halo, 'reference' | 'reward'>, cases = 25): Condition => {
  const name = 'Q is a distribution, its estimator unbiased'
  if (reference.over === 'none')
    return { name, finding: { tag: 'by construction', why: `the constant ${reward.centre}, the reward at θ = π_ref` } }
  for (let i = 0; i < cases; i++) {
    const bias = biasIn(seed + i, reference, reward)
    if (bias !== undefined) return { name, finding: { tag: 'refuted', witness: `world ${seed + i}: ${bias}` } }
  }
  return { name, finding: { tag: 'tested', cases, seed, what: `finite worlds; ${reference.outputs}: ${reference.estimator}` } }
}

/** Nothing flows into a reference point that is held: its derivative is not small but absent from the graph. */
export const heldCondition = (h: Halo): Condition => {
  const name = 'the reference point is held constant'
  if (!h.reference.held) return { name, finding: { tag: 'by construction', why: 'not declared: gradients flow into Q, as they should' } }
  const [all, role] = [symbolic(2), h.reference.over === 'unrelated' ? ('unrelated' as const) : ('outcome' as const)]
  const flow = grad((policy: Tensor<'example'>) => {
    const { z0 } = h.evaluate({ ...all, [role]: { ...all[role], policy } } as never) // all the evidence there is
    return z0 ?? constant(0)
  })(all[role].policy)
  const absent = flow.op.tag === 'broadcastTo' && flow.from[0]?.op.tag === 'constant' && flow.from[0].op.value === 0
  return {
    name,
    finding: absent ? { tag: 'by construction', why: 'no path in the graph' } : { tag: 'refuted', witness: `∂z₀/∂log π(${role})` },
  }
}

// ------------------------------------------------------------------ evidence

/** Evidence with what `needs` names, and nothing else, is enough. */
export const evidenceCondition = (loss: AnyLoss): Condition => {
  const name = 'the evidence is complete'
  try {
    loss.evaluate(only(loss.needs, symbolic(2)))
    const asked = Object.entries(loss.needs).flatMap(([need, needed]) => (needed ? need : []))
    return { name, finding: { tag: 'by construction', why: `evaluates from ${asked.join(', ')}` } }
  } catch (error) {
    return { name, finding: { tag: 'refuted', witness: error instanceof Error ? error.message : String(error) } }
  }
}
