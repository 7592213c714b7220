/** The conditions of Definition 3.4, one by one, and how each is decided for a declaration. */
import { constant, derivative, grad, type Interval, input, numbers, type Tensor, type Unary } from '../core/index.ts'
import type { Completion, Everything } from './evidence.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { type Claim, concave, decide, decideEnclosed, encloseFirst, increasing, nonDecreasing } from './prove.ts'
import type { Reference } from './reference.ts'
import type { Reward } from './reward.ts'
import { type Conditional, type World, worldOf } from './world.ts'

export type Finding =
  /** True on every point of the segment, by enclosures rounded outwards; `beyond` says what was done outside of it. */
  | { readonly tag: 'proved'; readonly segment: Interval; readonly boxes: number; readonly beyond?: string }
  | { readonly tag: 'by construction'; readonly why: string }
  | { readonly tag: 'tested'; readonly cases: number; readonly seed?: number; readonly what: string }
  | { readonly tag: 'refuted'; readonly witness: string }
  | { readonly tag: 'open'; readonly why: string }
export interface Condition {
  readonly name: string
  readonly finding: Finding
}

const seed = 1979
const reach = 64
/** As near to 0 as the enclosures can still tell signs. */
const near = 2 ** -30

/** v, on a segment by proof, and beyond it at points up to 10⁴. */
const ofValue = (name: string, v: Unary, claim: Claim, [low, high]: Interval, outside: readonly number[]): Condition => {
  const decision = decide(v, claim, [low, high])
  if (decision.tag === 'refuted') {
    const [a, b] = decision.witness
    return { name, finding: { tag: 'refuted', witness: a === b ? `z = ${a}` : `between z = ${a} and z = ${b}` } }
  }
  if (decision.tag === 'open') return { name, finding: { tag: 'open', why: `no box could be decided near z = ${decision.box[0]}` } }
  const slope = derivative(v)(numbers)
  const curvature = derivative(derivative(v))(numbers)
  const fails = outside.find((z) => (claim === concave ? curvature(z) > 1e-12 : slope(z) < 0))
  if (fails !== undefined) return { name, finding: { tag: 'refuted', witness: `z = ${fails}` } }
  return { name, finding: { tag: 'proved', segment: [low, high], boxes: decision.boxes, beyond: `${outside.length} points sampled` } }
}
const tail = Array.from({ length: 100 }, (_, i) => reach * (1e4 / reach) ** (i / 99))

export const valueConditions = ({ body }: { readonly body: Unary }): readonly Condition[] => [
  ofValue('v is non-decreasing', body, nonDecreasing, [-reach, reach], [...tail, ...tail.map((z) => -z)]),
  ofValue('v is concave on gains', body, concave, [near, reach], [...tail, ...tail.map((z) => near / z)]),
]

export const affineCondition = ({ t, temper }: Pick<Halo, 't' | 'temper'>): Condition => {
  const bad = [t.desirable.scale, t.undesirable.scale, temper.desirable, temper.undesirable].find((scale) => !(scale > 0))
  const why = `t(v) = ${t.desirable.shift} − ${t.desirable.scale} v, ${t.undesirable.shift} − ${t.undesirable.scale} v`
  return {
    name: 't is negative affine',
    finding: bad === undefined ? { tag: 'by construction', why } : { tag: 'refuted', witness: `scale ${bad}` },
  }
}

/** r in log π_θ, for every log π_ref in [−64, 0] and every length from 1 to 512 at once. */
export const rewardCondition = ({ body }: Reward): Condition => {
  const name = 'r increases with log π'
  const segment: Interval = [-reach, -(2 ** -20)]
  const decision = decideEnclosed(encloseFirst(body, [-reach, 0], [1, 512]), increasing, segment)
  const finding: Finding =
    decision.tag === 'proved'
      ? { tag: 'proved', segment, boxes: decision.boxes, beyond: 'for all log π_ref in [−64, 0] and 1 … 512 tokens at once' }
      : decision.tag === 'refuted'
        ? { tag: 'refuted', witness: `log π = ${decision.witness[0]}` }
        : { tag: 'open', why: `no box could be decided near log π = ${decision.box[0]}` }
  return { name, finding }
}

// ------------------------------------------------------------------ the reference distribution, in the finite world

/** Q(x', y'), for a completion of prompt 0 whose rejected counterpart is completion 0. `undefined`: a constant, nothing is averaged. */
const measure = ({ over }: Reference, { prompts, policy, reference }: World): Conditional | undefined => {
  const joint = (q: Conditional): Conditional => q.map((row, x) => row.map((w) => prompts[x]! * w))
  switch (over) {
    case 'rejected':
    case 'rank':
      return policy.map((row, x) => row.map((_, y) => (x === 0 && y === 0 ? 1 : 0)))
    case 'unrelated':
      return joint(policy)
    case 'outcome':
    case 'opposite':
      return joint(reference) // the data, whoever made it
    case 'sampler':
      return joint(reference)
    case 'none':
      return undefined
  }
}

/** Q is not negative and sums to 1, and the mean over every possible batch of two, weighed by its probability, is E_Q r. */
export const referenceCondition = ({ reference, reward }: Pick<Halo, 'reference' | 'reward'>, cases = 100): Condition => {
  const name = 'Q is a distribution, its estimator unbiased'
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b))
  for (let i = 0; i < cases; i++) {
    const world = worldOf(seed + i)
    const q = measure(reference, world)
    if (q === undefined) return { name, finding: { tag: 'by construction', why: `the constant ${reward.centre}, the reward at θ = π_ref` } }
    const r = world.policy.flatMap((row, x) =>
      row.map((p, y) => reward.body(numbers)(Math.log(p), Math.log(world.reference[x]![y]!), y + 1)),
    )
    const w = q.flat()
    const mean = w.reduce((sum, weight, k) => sum + weight * r[k]!, 0)
    const estimate =
      reference.over === 'sampler'
        ? reward.centre!
        : w.reduce((sum, a, j) => sum + w.reduce((inner, b, k) => inner + ((a * b) / 2) * (r[j]! + r[k]!), 0), 0)
    const broken =
      w.some((weight) => weight < 0) ||
      !close(
        w.reduce((a, b) => a + b, 0),
        1,
      ) ||
      !close(mean, estimate)
    if (broken) return { name, finding: { tag: 'refuted', witness: `world ${seed + i}: E_Q r = ${mean}, estimated as ${estimate}` } }
  }
  return { name, finding: { tag: 'tested', cases, seed, what: `${reference.outputs}: ${reference.estimator}` } }
}

// ------------------------------------------------------------------ the graph

const two = (name: string): Completion => ({
  policy: leaf(`${name} policy`),
  reference: leaf(`${name} reference`),
  length: leaf(`${name} length`),
})
const leaf = (name: string): Tensor<'example'> => input(name, { example: 2 }) as Tensor<'example'> // a leaf of that shape
const symbolic: Everything = {
  ...{ outcome: two('outcome'), unrelated: two('unrelated'), chosen: two('chosen'), rejected: two('rejected') },
  label: leaf('label'),
  value: leaf('value'),
}

/** Nothing flows into a reference point that is held: its derivative is not small but absent from the graph. */
export const heldCondition = (h: Halo): Condition => {
  const name = 'the reference point is held constant'
  if (!h.reference.held) return { name, finding: { tag: 'by construction', why: 'not declared: gradients flow into Q, as they should' } }
  const role = h.reference.over === 'unrelated' ? 'unrelated' : 'outcome'
  const flow = grad((policy: Tensor<'example'>) => {
    const { z0 } = h.evaluate({ ...symbolic, [role]: { ...symbolic[role], policy } } as never) // all the evidence there is
    return z0 ?? constant(0)
  })(symbolic[role].policy)
  const absent = flow.op.tag === 'conform' && flow.from[0]?.op.tag === 'constant' && flow.from[0].op.value === 0
  return {
    name,
    finding: absent ? { tag: 'by construction', why: 'no path in the graph' } : { tag: 'refuted', witness: `∂z₀/∂log π(${role})` },
  }
}

/** Evidence with what `needs` names, and nothing else, is enough. */
export const evidenceCondition = (loss: AnyLoss): Condition => {
  const name = 'the evidence is complete'
  const { needs } = loss
  const part = (y: Completion): Completion =>
    ({ policy: y.policy, ...(needs.reference && { reference: y.reference }), ...(needs.length && { length: y.length }) }) as Completion
  const only = {
    ...(needs.pair && { chosen: part(symbolic.chosen), rejected: part(symbolic.rejected) }),
    ...(needs.outcome && { outcome: part(symbolic.outcome) }),
    ...(needs.unrelated && { unrelated: part(symbolic.unrelated) }),
    ...(needs.label && { label: symbolic.label }),
    ...(needs.value && { value: symbolic.value }),
  } as Everything // less than everything: that is the point
  try {
    loss.evaluate(only)
    const asked = Object.entries(needs).flatMap(([need, needed]) => (needed ? need : []))
    return { name, finding: { tag: 'by construction', why: `evaluates from ${asked.join(', ')}` } }
  } catch (error) {
    return { name, finding: { tag: 'refuted', witness: error instanceof Error ? error.message : String(error) } }
  }
}
