/**
 * What answers say of an implementation: property by property, that it holds, that it does not, with a witness, or that it was not tested, and why.
 * Every answer is compared with halograd's in float64; a property is told by what was asked and by what is compared.
 */
import type { Expected } from '../handover/vectors.ts'
import { type ConformReply, type ConformValues, type Dtype, isReply, type Reply } from './protocol.ts'
import { type Asked, type Property, properties } from './questions.ts'

export interface ConformFinding {
  readonly property: Property
  readonly says: string
  readonly verdict: 'holds' | 'violated' | 'not tested'
  /** What contradicts it, or why it was not tested. */
  readonly witness?: string
  /** How many questions it was tested by. */
  readonly questions: number
}
export const isViolated = ({ verdict }: ConformFinding): boolean => verdict === 'violated'

/** A question, its answer, and ours. */
export interface Exchange {
  readonly asked: Asked
  readonly answer: ConformReply
  readonly expected: Expected
}

/** What is wrong with an answer, if anything is. */
type Check = (reply: Reply, expected: Expected, asked: Asked) => string | undefined

/** Relative, and absolute below 1; for gradients relative to the largest of them. */
const tolerances: { readonly [D in Dtype]: number } = { float64: 1e-9, float32: 1e-5, bfloat16: 0.05 }

/** One finding for every property. */
export const findingsOf = (exchanges: readonly Exchange[]): readonly ConformFinding[] =>
  (Object.keys(properties) as Property[]).map((property) => findingOf(property, exchanges)) // its keys are the properties

const findingOf = (property: Property, exchanges: readonly Exchange[]): ConformFinding => {
  const { asked, check } = checks[property] ?? { asked: [property], check: whole }
  const about = exchanges.filter((each) => asked.includes(each.asked.property))
  const base = { property, says: properties[property] }
  const skipped: string[] = []
  let questions = 0
  for (const { asked, answer, expected } of about) {
    if (!isReply(answer)) {
      if (answer.error !== undefined) return { ...base, verdict: 'violated', witness: `${asked.id}: it failed: ${answer.error}`, questions }
      skipped.push(`it says that it has no ${answer.unsupported}`)
      continue
    }
    const found = check(answer, expected, asked)
    if (found?.startsWith(notTested)) skipped.push(found.slice(notTested.length))
    else if (found !== undefined) return { ...base, verdict: 'violated', witness: `${asked.id}: ${found}`, questions: questions + 1 }
    else questions++
  }
  if (questions > 0) return { ...base, verdict: 'holds', questions }
  return { ...base, verdict: 'not tested', witness: skipped[0] ?? 'nothing to ask', questions }
}
const notTested = 'not tested: '

// ------------------------------------------------------------------ comparisons

export const flat = (x: ConformValues): readonly number[] => x.flat()
const largest = (xs: readonly number[]): number => xs.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
const far = (ours: number, theirs: number, allowed: number): boolean => !(Object.is(ours, theirs) || Math.abs(ours - theirs) <= allowed)
const compared = (what: string, theirs: readonly number[], ours: readonly number[], allowed: (x: number) => number): string | undefined => {
  if (theirs.length !== ours.length) return `${what}: ${theirs.length} numbers, expected ${ours.length}`
  const i = ours.findIndex((x, k) => far(x, theirs[k]!, allowed(x)))
  return i < 0 ? undefined : `${what}${ours.length > 1 ? `[${i}]` : ''} is ${theirs[i]}, expected ${ours[i]}`
}
/** The loss is a mean of losses of both signs, maybe: it is as exact as the largest of them. */
const toLoss: Check = ({ loss }, expected, { dtype }) =>
  compared('the loss', [loss], [expected.loss], () => tolerances[dtype] * Math.max(1, Math.abs(expected.loss), largest(expected.losses)))
const toLosses: Check = ({ losses }, expected, { dtype }) => {
  if (losses === undefined) return `${notTested}it gives no losses of examples`
  return compared('losses', flat(losses), expected.losses, (x) => tolerances[dtype] * Math.max(1, Math.abs(x)))
}
const toRewards: Check = ({ rewards }, expected, { dtype }) => {
  if (rewards === undefined) return `${notTested}it gives no rewards`
  const [own, ours] =
    'chosen' in rewards ? [[...rewards.chosen, ...rewards.rejected], both(expected)] : [rewards, expected.rewards ?? both(expected)]
  return compared('rewards', own, ours, (x) => tolerances[dtype] * Math.max(1, Math.abs(x)))
}
const both = ({ chosen_rewards = [], rejected_rewards = [] }: Expected): readonly number[] => [...chosen_rewards, ...rejected_rewards]

/** Our gradient by every token of what was asked: that of the completion inside it, and 0 outside. */
const spread = (ours: readonly number[], masks: readonly (readonly number[])[] | undefined): readonly number[] =>
  masks === undefined ? ours : masks.flatMap((row, i) => row.map((inside) => inside * ours[i]!))
const gradientsOf = (expected: Expected): readonly (readonly [string, readonly number[]])[] =>
  Object.entries(expected.grads).flatMap(([name, ours]) => (ours === null ? [] : [[name, flat(ours)] as const]))
const toGradient: Check = ({ grads }, expected, { dtype, masks }) => {
  const scale = Math.max(1e-3, ...gradientsOf(expected).map(([, ours]) => largest(ours)))
  for (const [name, ours] of gradientsOf(expected)) {
    const theirs = grads[name]
    if (theirs == null && ours.every((x) => x === 0)) continue
    if (theirs == null) return `there is no gradient by ${name}`
    const wrong = compared(`∂loss/∂${name}`, flat(theirs), spread(ours, masks?.[name]), () => tolerances[dtype] * scale)
    if (wrong !== undefined) return wrong
  }
  return undefined
}
const toNone: Check = ({ grads }, expected) => {
  const held = Object.entries(expected.grads).flatMap(([name, ours]) => (ours === null ? [name] : []))
  if (held.length === 0) return `${notTested}nothing that it is given is held constant`
  const leak = held.find((name) => grads[name] != null && flat(grads[name]).some((x) => x !== 0))
  return leak && `∂loss/∂${leak} is ${flat(grads[leak]!).find((x) => x !== 0)}, expected none`
}
const finite: Check = ({ loss, losses = [], grads }) => {
  const all = [loss, ...flat(losses), ...Object.values(grads).flatMap((x) => (x === null ? [] : flat(x)))]
  return all.every(Number.isFinite) ? undefined : `${all.find((x) => !Number.isFinite(x))} among what it finds`
}
const every =
  (...all: readonly Check[]): Check =>
  (...given) => {
    for (const check of all) {
      const wrong = check(...given)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
const whole = every(toLoss, toGradient)

const sign = (x: number, least: number): number => (Math.abs(x) <= least ? 0 : Math.sign(x))
/** Signs of something made of both gradients agree, where ours has one. */
const sameSigns =
  (what: string, of: (gradient: readonly number[]) => readonly number[]): Check =>
  ({ grads }, expected) => {
    for (const [name, ours] of gradientsOf(expected)) {
      const theirs = grads[name]
      if (theirs == null) continue
      const [own, other] = [of(ours), of(flat(theirs))]
      const least = 1e-9 * Math.max(largest(ours), 1e-6)
      const i = own.findIndex((x, k) => sign(x, least) !== 0 && sign(other[k] ?? Number.NaN, 0) !== sign(x, least))
      if (i >= 0) return `${what} by ${name}[${i}] is ${other[i]}, expected the sign of ${own[i]}`
    }
    return undefined
  }
const differences = (xs: readonly number[]): readonly number[] => xs.slice(1).map((x, i) => x - xs[i]!)
/** Flat where ours is, and not where it is not. */
const saturates: Check = ({ grads }, expected) => {
  for (const [name, ours] of gradientsOf(expected)) {
    const theirs = grads[name]
    if (theirs == null) continue
    const [scale, other] = [Math.max(largest(ours), 1e-6), flat(theirs)]
    const i = ours.findIndex((x, k) => {
      const y = Math.abs(other[k] ?? Number.NaN)
      return Math.abs(x) < 1e-6 * scale ? !(y < 1e-5 * scale) : Math.abs(x) > 1e-3 * scale && !(y > 0.5 * Math.abs(x))
    })
    if (i >= 0) return `∂loss/∂${name}[${i}] is ${other[i]}, expected ${ours[i]}`
  }
  return undefined
}
const inParts: Check = (reply, expected, asked) =>
  reply.parts === asked.parts?.length ? whole(reply, expected, asked) : `${notTested}it did not cut the batch (its answer has no "parts")`

/** What is looked at, and in which answers, where that is not the loss and the gradient of the questions of the property. */
const checks: { readonly [P in Property]?: { readonly asked: readonly Property[]; readonly check: Check } } = {
  value: { asked: ['value'], check: toLoss },
  'losses of examples': { asked: ['value', 'gradient', 'one example', 'one-sided batches'], check: toLosses },
  rewards: { asked: ['value', 'gradient'], check: toRewards },
  gradient: { asked: ['value', 'gradient'], check: toGradient },
  'stop-gradient': { asked: ['value', 'gradient'], check: toNone },
  'step 0': { asked: ['step 0'], check: every(finite, whole) },
  monotonicity: { asked: ['monotonicity'], check: sameSigns('the slope', (x) => x) },
  concavity: { asked: ['monotonicity'], check: sameSigns('the change of slope', differences) },
  saturation: { asked: ['monotonicity', 'finite at extremes'], check: saturates },
  'finite at extremes': { asked: ['finite at extremes'], check: every(finite, whole) },
  'pooled over micro-batches': { asked: ['pooled over micro-batches'], check: inParts },
  'pooled over ranks': { asked: ['pooled over ranks'], check: inParts },
}
