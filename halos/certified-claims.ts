/**
 * What certificates say of declarations: the proofs of v and r, as boxes with enclosures, for all settings at once where they were proved so.
 *
 *     { part: 'value', claim: 'concave', in: 'z', domain: { z: [0, ∞], κ: [0, ∞] }, boxes: [{ box: [[0, ∞], [0, ∞]], enclosure: [−1, 0] }] }
 */
import { either as E } from 'fp-ts'
import { interpretation, type Scalar } from '../core/index.ts'
import type { Interval } from '../core/internal.ts'
import type { Halo } from './halo.ts'
import { type ScalarText, textSubject } from './parameters.ts'
import { type Body, type ScalarProgram, trace } from './program.ts'
import { type Claim, concave, decideSubject, increasing, nonDecreasing, type Proof, type ProofSubject } from './prove.ts'
import { argumentOf, domainOf } from './reward.ts'

export type RangeEnd = number | 'inf' | '-inf'
/** 'nonzero': without its end 0. */
export type CertifiedRange = readonly [low: RangeEnd, high: RangeEnd, without?: 'nonzero']
/** An operation on earlier nodes, by their positions; a leaf or a constant. */
export type CertifiedNode = readonly ['leaf', string] | readonly [operation: string, ...of: number[]]
export interface CertifiedClaim {
  readonly part: string
  readonly claim: string
  /** The variable in which it is claimed. */
  readonly in: string
  readonly domain: Readonly<Record<string, CertifiedRange>>
  readonly boxes: readonly { readonly box: readonly CertifiedRange[]; readonly enclosure: CertifiedRange }[]
}
export interface Certified {
  readonly parts: Readonly<Record<string, number>>
  readonly claims: readonly CertifiedClaim[]
  /** What the settings may be. */
  readonly settings: Readonly<Record<string, CertifiedRange>>
}

/** Bodies as nodes: equal ones are one. */
export const graph = () => {
  const nodes: CertifiedNode[] = []
  const known = new Map<string, number>()
  const add = (node: CertifiedNode): number => {
    const key = JSON.stringify(node)
    const at = known.get(key) ?? nodes.push(node) - 1
    known.set(key, at)
    return at
  }
  const scalar: Scalar<number> = interpretation(
    (n) => add(['constant', n]),
    (primitive, args) => add([primitive, ...args]),
  )
  return { nodes, scalar, leaf: (name: string) => add(['leaf', name]) }
}
export type CertifiedGraph = ReturnType<typeof graph>

const end = (x: number): RangeEnd => (Number.isFinite(x) ? x : x > 0 ? 'inf' : '-inf')
const range = ([low, high]: Interval): CertifiedRange => [end(low), end(high)]
export const exactly = (x: number): CertifiedRange => [x, x]
/** A little wider: the checker's own bounds, which are not as close, are to be within. What is 0 stays so. */
export const loosely = ([low, high]: Interval): CertifiedRange => range([low - Math.abs(low) * 2 ** -40, high + Math.abs(high) * 2 ** -40])

type Ranges = Readonly<Record<string, Interval>>
const ranges = (of: Ranges): Readonly<Record<string, CertifiedRange>> =>
  Object.fromEntries(Object.entries(of).map(([name, side]) => [name, range(side)]))
/** The proof that a claim holds for every number of the settings of its subject; none if there is none. */
const proofOf = (subject: E.Either<string, ProofSubject>, claim: Claim, segment: Interval): readonly Proof[] => {
  const decision = E.isRight(subject) ? decideSubject(subject.right, claim, segment) : undefined
  return decision?.tag === 'proved' ? [decision.proof] : []
}
/** What a claim needs of an enclosure: its sign. The other bound depends on how terms were gathered, and is left open. */
const signOf = (claim: Claim['name'], [low, high]: Interval): CertifiedRange =>
  loosely(claim === 'concave' ? [-Infinity, high] : [low, Infinity])
/** …of a part, in a variable of that name. Of what else the subject is given, only `others` are variables of the part. */
const claimed = (part: string, moving: string, { claim, segment, boxes }: Proof, others: Ranges): CertifiedClaim => ({
  ...{ part, claim, in: moving, domain: ranges({ [moving]: segment, ...others }) },
  boxes: boxes.map(({ box, enclosure }) => ({
    box: [range(box), ...Object.values(others).map(range)],
    enclosure: signOf(claim, claim === 'concave' ? enclosure.curvature : enclosure.slope),
  })),
})

const everywhere: Interval = [-Infinity, Infinity]
const leaves = (names: readonly string[], { leaf }: CertifiedGraph): readonly number[] => names.map(leaf)
const given = <A>(names: readonly string[], xs: readonly A[]): Readonly<Record<string, A>> =>
  Object.fromEntries(names.map((name, i) => [name, xs[i]!]))

/** v, for all settings at once if both claims are proved so, or else at its own. */
const ofValue = ({ text, parameters }: Halo['value'], g: CertifiedGraph): Certified => {
  const names = Object.keys(parameters)
  const proofs = (['all', 'own'] as const).map((settings) => {
    const subject = textSubject(text, parameters, settings)
    return [...proofOf(subject, nonDecreasing, everywhere), ...proofOf(subject, concave, [0, Infinity])]
  })
  const found = proofs.find(({ length }) => length === 2) ?? []
  return {
    parts: { value: text(g.scalar)(g.leaf('z'), given(names, leaves(names, g))) },
    claims: found.map((proof) => claimed('value', 'z', proof, proof.subject.settings)),
    settings: ranges(found[0]?.subject.settings ?? {}),
  }
}

/** A claim about a body of log π_θ, log π_ref, the number of tokens, and settings. */
interface AboutReward {
  readonly part: string
  readonly body: Body
  readonly settings: Ranges
  readonly claim: Claim
  readonly on: readonly [policy: Interval, reference: Interval, length: Interval]
}
/**
 * r, whatever log π, log π_ref and the number of tokens: it increases for all settings at once. Where a bound acts (`flat`) that is said of r
 * without the bound; of what is computed, that it never falls, and increases where log-ratios are moderate.
 */
const ofReward = ({ shape, body: computed, reads }: Halo['reward'], g: CertifiedGraph): Certified => {
  const { argument, text, unbounded, parameters, flat } = shape
  const names = Object.keys(parameters)
  const settings: Ranges = Object.fromEntries(Object.entries(parameters).map(([name, { range: of }]) => [name, of]))
  const evidence = ['policy', 'reference', 'length']
  const bodyOf = (of: ScalarText): Body => {
    return (S) =>
      (p, q, n, ...xs) =>
        of(S)(argumentOf[argument](S)(p!, q!, n!), given(names, xs))
  }
  const about = ({ part, body, settings: of, claim, on: [policy, reference, length] }: AboutReward): Certified => {
    const inputs = [...evidence, ...Object.keys(of)]
    const subject = E.map(
      (program: ScalarProgram): ProofSubject => ({ program, variable: 'policy', settings: { reference, length, ...of } }),
    )(trace(body, inputs))
    const read = new Set<string>(reads)
    const others: Ranges = { ...(read.has('reference') && { reference }), ...(read.has('length') && { length }), ...of }
    return {
      parts: { [part]: body(g.scalar)(...leaves(inputs, g)) },
      claims: proofOf(subject, claim, policy).map((proof) => claimed(part, 'policy', proof, others)),
      settings: ranges(of),
    }
  }
  const whole: AboutReward['on'] = [argument === 'R' ? everywhere : domainOf('p'), domainOf('p'), [1, Infinity]]
  const moderate: AboutReward['on'] = [
    [-64, -(2 ** -20)],
    [-64, 0],
    [1, 512],
  ]
  const own: Body = (S) => (p, q, n) => computed(S)(p!, q!, n!)
  return joined(
    flat === undefined
      ? [nonDecreasing, increasing].map((claim) => about({ part: 'reward', body: bodyOf(text), settings, claim, on: whole }))
      : [
          about({ part: 'reward', body: own, settings: {}, claim: nonDecreasing, on: whole }),
          about({ part: 'reward', body: own, settings: {}, claim: increasing, on: moderate }),
          withoutCertainty(about({ part: 'reward without its bound', body: bodyOf(unbounded), settings, claim: increasing, on: whole })),
        ],
  )
}
/** Where log π is 0 a reward may be infinite without its bound: it increases up to there. */
const withoutCertainty = (certified: Certified): Certified => ({
  ...certified,
  claims: certified.claims.map((claim) => {
    const [low, high] = claim.domain.policy!
    return { ...claim, domain: { ...claim.domain, policy: high === 0 ? [low, high, 'nonzero'] : [low, high] } }
  }),
})
const joined = (all: readonly Certified[]): Certified => ({
  parts: Object.assign({}, ...all.map(({ parts }) => parts)),
  claims: all.flatMap(({ claims }) => claims),
  settings: Object.assign({}, ...all.map(({ settings }) => settings)),
})

const positive = (part: string, x: number, g: CertifiedGraph): Certified => {
  const claims = [{ part, claim: 'positive', in: part, domain: {}, boxes: [{ box: [], enclosure: exactly(x) }] }]
  return { parts: { [part]: g.scalar.of(x) }, claims: x > 0 ? claims : [], settings: {} }
}
/** Of a declaration: two claims about v, two or three about r, and that the four numbers of t and τ are positive. */
export const ofHalo = ({ value, reward, t, inverseTemperature }: Halo, g: CertifiedGraph): Certified => {
  const [v, r] = [ofValue(value, g), ofReward(reward, g)]
  const numbers = (['desirable', 'undesirable'] as const).flatMap((label) => [
    positive(`scale.${label}`, t[label].scale, g),
    positive(`inverseTemperature.${label}`, inverseTemperature[label], g),
  ])
  return joined([v, r, ...numbers])
}
