/** The conditions of Definition 3.4, one by one, and how each is decided for a declaration. */
import { either as E } from 'fp-ts'
import { grad, type Tensor, type Unary } from '../core/index.ts'
import { type Interval, constant as number } from '../core/internal.ts'
import { far, finiteOn } from './computed.ts'
import { type Condition, conditionOf, type Finding, short } from './findings.ts'
import { foreign, type Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { textSubject } from './parameters.ts'
import { concave, enclose, increasing, nonDecreasing, type ProofSubject, subjectOf } from './prove.ts'
import type { TokenReading } from './reading.ts'
import { readingsDiffer } from './readings.ts'
import { reasonOf } from './reason.ts'
import { domainOf, type Reward } from './reward.ts'
import { fallsInSingle, singles } from './single.ts'
import { only, symbolic } from './symbolic.ts'
import { biasIn } from './unbiased.ts'
import type { ValueFunction } from './value.ts'

const line: Interval = [-Infinity, Infinity]

/** Parts that no constructor made are not what they are said to be, as far as anyone knows. */
export const vocabularyCondition = (h: Halo): Condition => {
  const strange = foreign(h)
  const why = `${strange.join(', ')}: written by hand, not made by a constructor, so that nothing is known of it`
  return {
    name: 'the parts are of the vocabularies',
    finding: strange.length === 0 ? { tag: 'by construction', why: 'each was made by a constructor' } : { tag: 'open', why },
  }
}

// ------------------------------------------------------------------ v

/** The condition that stands for all others of v where it has no text that could be proved anything about. */
export const oneText = 'v is one text'
export const valueConditions = ({ body, text, parameters }: ValueFunction): readonly Condition[] => {
  const differs = readingsDiffer(body)
  if (differs !== undefined) return [{ name: oneText, finding: { tag: 'open', why: differs } }]
  return [
    conditionOf('v is non-decreasing', text, parameters, nonDecreasing, line, 'z'),
    conditionOf('v is concave on gains', text, parameters, concave, [0, Infinity], 'z'),
    { name: 'v is finite where it is computed', finding: finiteness(body) },
    { name: 'v rises where it is trained', finding: singleness(body) },
  ]
}
const singleness = (body: Unary): Finding => {
  const falls = fallsInSingle(body)
  return falls === undefined
    ? { tag: 'tested', cases: singles.length, seed: 0, what: `no slope is negative in float32, for |z| ≤ ${far}` }
    : { tag: 'open', why: `in float32 another function trains: its slope is ${short(falls.slope)} at z = ${falls.z}` }
}
const finiteness = (body: Unary): Finding =>
  E.match(
    (why: string): Finding => ({ tag: 'open', why }),
    (subject: ProofSubject): Finding => {
      const segment = finiteOn(subject)
      if (segment === undefined) return { tag: 'open', why: 'a step of it may overflow, or is not defined, near z = 0' }
      return segment[0] === -Infinity && segment[1] === Infinity
        ? { tag: 'by construction', why: `every step is a finite number in double precision, for |z| ≤ ${far}` }
        : { tag: 'proved on a segment', segment, why: 'beyond, a step of it may overflow in double precision' }
    },
  )(subjectOf(body))

/**
 * Where v is affine and E_Q r is a constant for the gradient, nothing is compared: v(r − E) = k r − k E + c, and the gradient of k r is
 * left, whatever the reference point is.
 */
export const comparisonCondition = ({ value, reference, t }: Halo): Condition => {
  const name = 'something is compared'
  const [low, high] = E.match(
    (): Interval => line,
    (subject: ProofSubject) => enclose(subject)(line).slope,
  )(subjectOf(value.body))
  if (low !== high) return { name, finding: { tag: 'by construction', why: 'the slope of v is not that of a line: it depends on E_Q r' } }
  const k = low
  if (k === 0) return { name, finding: { tag: 'degenerate', equality: `v is constant: ∂L/∂θ = 0 = that of the loss ${t.desirable.shift}` } }
  if (!reference.held && reference.over !== 'none' && reference.over !== 'sampler')
    return { name, finding: { tag: 'by construction', why: `v is affine, and the gradient of E_Q r flows: ∂L = −a ${k} s (∂r − ∂E_Q r)` } }
  const equality = `v(z) = ${k} z + c and E_Q r is held: ∂L/∂θ = −a ${k} s ∂r/∂θ = ∂(−a ${k} s r)/∂θ, the gradient of a loss without a reference point`
  return { name, finding: { tag: 'degenerate', equality } }
}

// ------------------------------------------------------------------ t, r

export const affineCondition = ({ t, inverseTemperature }: Pick<Halo, 't' | 'inverseTemperature'>): Condition => {
  const scales = [t.desirable.scale, t.undesirable.scale, inverseTemperature.desirable, inverseTemperature.undesirable]
  const bad = scales.find((scale) => !(scale > 0 && Number.isFinite(scale)))
  const shift = [t.desirable.shift, t.undesirable.shift].find((x) => !Number.isFinite(x))
  const [up, down] = [t.desirable, t.undesirable].map(
    ({ shift, scale }) => `${shift === 0 ? '−' : `${shift} − `}${scale === 1 ? '' : `${scale} `}v`,
  )
  return {
    name: 't is negative affine',
    finding:
      bad !== undefined
        ? { tag: 'refuted', witness: `scale ${bad}` }
        : shift !== undefined
          ? { tag: 'refuted', witness: `shift ${shift}` }
          : { tag: 'by construction', why: up === down ? `t(v) = ${up}` : `t(v) = ${up} (desirable), ${down} (undesirable)` },
  }
}

/** Labels that are weighed or felt otherwise: one v all the same, up to positive factors. */
export const oneValueCondition = ({ t, inverseTemperature: tau }: Pick<Halo, 't' | 'inverseTemperature'>): Condition => {
  const name = 'one value function'
  const [slopes, tempers] = [t.desirable.scale === t.undesirable.scale, tau.desirable === tau.undesirable]
  const why = [
    ...(slopes ? [] : [`by label, t has the slopes −${t.desirable.scale} and −${t.undesirable.scale}: v up to a positive factor`]),
    ...(tempers
      ? []
      : [
          `by label, r is felt as ${tau.desirable} r and ${tau.undesirable} r: positive multiples of one reward, each compared with its own mean`,
        ]),
  ]
  return { name, finding: { tag: 'by construction', why: why.length === 0 ? 'the same for both labels' : why.join('; ') } }
}

/**
 * r = ρ(x), where x is u, p or one of them per token, and increases with log π_θ whatever log π_ref and the length are: ρ is proved
 * increasing on every x there is. The bound that keeps an exponential finite makes r constant beyond it, which is stated.
 */
export const rewardCondition = ({ shape }: Reward): Condition => {
  const { argument, text, unbounded, parameters, flat } = shape
  const [name, domain, x] = ['r increases with log π', domainOf(argument), argument.replace('p/n', 'p̄')]
  const found = conditionOf(name, unbounded, parameters, increasing, domain, x)
  if (found.finding.tag !== 'proved' || flat === undefined) return found
  const computed = conditionOf(name, text, parameters, nonDecreasing, domain, x)
  return computed.finding.tag === 'proved' ? { ...found, finding: { ...found.finding, flat: flat.why } } : computed
}

/** A completion that is read from its tokens: whatever one of them adds to log π never falls with its own log-ratio. */
export const tokensCondition = ({ added: { text, parameters, flat } }: TokenReading): Condition => {
  const found = conditionOf('no token counts against itself', text, parameters, nonDecreasing, line, 'ρ')
  return found.finding.tag === 'proved' && flat !== undefined ? { ...found, finding: { ...found.finding, flat } } : found
}

/** The anchor is what the text of the reward gives at u = 0: it is within the enclosure of that. */
const anchorIs = ({ centre = Number.NaN, shape: { text, parameters } }: Reward): boolean =>
  E.match(
    () => false,
    (subject: ProofSubject) => {
      const [low, high] = enclose(subject)([0, 0]).value
      return low <= centre && centre <= high
    },
  )(textSubject(text, parameters, 'own'))

// ------------------------------------------------------------------ Q

const seed = 1979
/** Q is a distribution, and the estimator that is run has the mean E_Q r: in finite worlds, over every batch of two. */
export const referenceCondition = ({ reference, reward }: Pick<Halo, 'reference' | 'reward'>, cases = 25): Condition => {
  const name = 'Q is a distribution; drawn from Q, the estimator has the mean E_Q r'
  if (reference.over === 'none')
    return anchorIs(reward)
      ? { name, finding: { tag: 'by construction', why: `the constant ${reward.centre}, the reward at θ = π_ref, which its text gives` } }
      : {
          name,
          finding: {
            tag: 'refuted',
            witness: `the anchor is said to be ${reward.centre}, which the reward ${reward.name} is not at u = 0`,
          },
        }
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
  try {
    return { name, finding: heldFinding(h) }
  } catch (error) {
    return { name, finding: { tag: 'open', why: `it cannot be evaluated: ${reasonOf(error)}` } }
  }
}
const heldFinding = (h: Halo): Finding => {
  const [all, role] = [symbolic(2), h.reference.over === 'unrelated' ? ('unrelated' as const) : ('outcome' as const)]
  const flow = grad((policy: Tensor<'example'>) => {
    const { z0 } = h.evaluate({ ...all, [role]: { ...all[role], policy } } as never) // all the evidence there is
    return z0 ?? number(0)
  })(all[role].policy)
  const absent = flow.op.tag === 'broadcastTo' && flow.from[0]?.op.tag === 'constant' && flow.from[0].op.value === 0
  return absent ? { tag: 'by construction', why: 'no path in the graph' } : { tag: 'refuted', witness: `∂z₀/∂log π(${role})` }
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
    return { name, finding: { tag: 'refuted', witness: reasonOf(error) } }
  }
}
