/**
 * Certificates: what `verify` found, written so that a program which trusts nothing of this one can see it again: the expressions of the
 * parts, and for every claim boxes that cover its domain with an enclosure on each; or where a lemma refutes the loss. The format is
 * that of the checker (app/check/certificate.ts).
 *
 *     { claim: 'concave', part: 'value', in: 'z', domain: { z: [0, ∞] }, boxes: [{ box: [[0, ∞]], enclosure: [−1, 0] }] }
 */
import { either as E } from 'fp-ts'
import { type Interval, interpretation, intervals, type Scalar, type Ternary, type Unary } from '../core/index.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { type Program, trace } from './program.ts'
import { type Claim, concave, type Enclosure, enclose, increasing, middle, nonDecreasing } from './prove.ts'
import { firstLoss, type Item, type Witness, witness } from './refute.ts'
import { isHalo, isView, type Report, verify } from './verify.ts'

type End = number | 'inf' | '-inf'
type Range = readonly [low: End, high: End]
/** An operation on earlier nodes, by their positions; a leaf or a constant. */
type Node = readonly ['leaf', string] | readonly [operation: string, ...of: number[]]
export interface Certificate {
  readonly format: 'halograd certificate'
  readonly version: 1
  readonly loss: string
  readonly verdict: Report['verdict']
  readonly settings: Readonly<Record<string, Range>>
  readonly nodes: readonly Node[]
  readonly parts: Readonly<Record<string, number>>
  readonly claims: readonly CertifiedClaim[]
  readonly refutation: CertifiedWitness | null
  /** What `verify` found that no certificate shows. */
  readonly uncertified: readonly string[]
}
interface CertifiedClaim {
  readonly part: string
  readonly claim: string
  /** The variable in which it is claimed. */
  readonly in: string
  readonly domain: Readonly<Record<string, Range>>
  readonly boxes: readonly { readonly box: readonly Range[]; readonly enclosure: Range }[]
}
interface CertifiedWitness {
  readonly lemma: Witness['lemma']
  readonly in: readonly Item[]
  readonly at: Readonly<Record<Item, Range>>
  readonly points: readonly Range[]
  readonly enclosures: readonly Range[]
}

// ------------------------------------------------------------------ expressions

/** Bodies as nodes: equal ones are one. */
const graph = () => {
  const nodes: Node[] = []
  const known = new Map<string, number>()
  const add = (node: Node): number => {
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
type Graph = ReturnType<typeof graph>

// ------------------------------------------------------------------ claims

const end = (x: number): End => (Number.isFinite(x) ? x : x > 0 ? 'inf' : '-inf')
const range = ([low, high]: Interval): Range => [end(low), end(high)]
/** A little wider: the checker's own bounds, which are not as close, are to be within. What is 0 stays so. */
const loosely = ([low, high]: Interval): Range => range([low - Math.abs(low) * 2 ** -40, high + Math.abs(high) * 2 ** -40])
const exactly = (x: number): Range => [x, x]

/** Enclosures of a body along its first argument, the others being anything in their intervals. */
const enclosing = (body: Unary | Ternary, others: Readonly<Record<string, Interval>> = {}): ((box: Interval) => Enclosure) =>
  E.match(
    (why: string): ((box: Interval) => Enclosure) => {
      throw new TypeError(`no program: ${why}`)
    },
    (program: Program) => enclose({ program, variable: 'z', settings: others }),
  )(trace(body as never, ['z', ...Object.keys(others)])) // a body of that many arguments

interface Asked {
  readonly part: 'value' | 'reward'
  readonly claim: Claim
  readonly in: string
  readonly domain: Readonly<Record<string, Interval>>
  readonly enclosed: (box: Interval) => Enclosure
}
/** The boxes on which a claim holds, by halving those on which it was not seen to; none, if there would have to be too many. */
const bisect = (enclosed: (box: Interval) => Enclosure, claim: Claim, domain: Interval): readonly (readonly [Interval, Enclosure])[] => {
  const [todo, done]: [Interval[], (readonly [Interval, Enclosure])[]] = [[domain], []]
  for (let box = todo.pop(); box !== undefined; box = todo.pop()) {
    const [on, [low, high]] = [enclosed(box), box]
    if (claim.holds(on) || (claim === increasing && nonDecreasing.holds(on))) done.push([box, on])
    else if (done.length + todo.length > 2000 || high - low < 2 ** -30) return []
    else {
      const cut = middle(box)
      todo.push([cut, high], [low, cut])
    }
  }
  return done
}
/** The boxes on which it was proved, if it was: cut along the variable in which it is claimed, the others as they are. */
const claimed = ({ part, claim, in: moving, domain, enclosed }: Asked): readonly CertifiedClaim[] => {
  const found = bisect(enclosed, claim, domain[moving]!)
  if (found.length === 0) return []
  const boxes = found.map(([box, on]) => ({
    box: Object.entries(domain).map(([name, side]) => range(name === moving ? box : side)),
    enclosure: loosely(claim === concave ? on.curvature : on.slope),
  }))
  const ranges = Object.fromEntries(Object.entries(domain).map(([name, side]) => [name, range(side)]))
  return [{ part, claim: claim.name, in: moving, domain: ranges, boxes }]
}
const positive = (part: string, x: number): readonly CertifiedClaim[] =>
  x > 0 ? [{ part, claim: 'positive', in: part, domain: {}, boxes: [{ box: [], enclosure: exactly(x) }] }] : []

const everywhere: Interval = [-Infinity, Infinity]
const ofValue = ({ body }: Halo['value']): readonly CertifiedClaim[] =>
  (
    [
      [nonDecreasing, everywhere],
      [concave, [0, Infinity]],
    ] as const
  ).flatMap(([claim, z]) => claimed({ part: 'value', claim, in: 'z', domain: { z }, enclosed: enclosing(body) }))

/** It never falls, whatever log π, log π_ref and the number of tokens; and rises on the segment that `verify` names. */
const ofReward = ({ body, reads, explicit = false }: Halo['reward']): readonly CertifiedClaim[] => {
  const on = (claim: Claim, policy: Interval, reference: Interval, length: Interval): readonly CertifiedClaim[] => {
    const read: readonly string[] = reads
    const others = { ...(read.includes('reference') && { reference }), ...(read.includes('length') && { length }) }
    return claimed({ part: 'reward', claim, in: 'policy', domain: { policy, ...others }, enclosed: enclosing(body, { reference, length }) })
  }
  return [
    ...on(nonDecreasing, explicit ? everywhere : [-Infinity, 0], [-Infinity, 0], [1, Infinity]),
    ...on(increasing, [-64, -(2 ** -20)], [-64, 0], [1, 512]),
  ]
}

const ofHalo = (h: Halo, { scalar, leaf }: Graph): Pick<Certificate, 'parts' | 'claims'> => {
  const numbers = (['desirable', 'undesirable'] as const).flatMap((label) => [
    [`scale.${label}`, h.t[label].scale] as const,
    [`inverseTemperature.${label}`, h.inverseTemperature[label]] as const,
  ])
  return {
    parts: {
      value: h.value.body(scalar)(leaf('z')),
      reward: h.reward.body(scalar)(leaf('policy'), leaf('reference'), leaf('length')),
      ...Object.fromEntries(numbers.map(([part, x]) => [part, scalar.of(x)])),
    },
    claims: [...ofValue(h.value), ...ofReward(h.reward), ...numbers.flatMap(([part, x]) => positive(part, x))],
  }
}

// ------------------------------------------------------------------ refutations

const resting = <A>(S: Scalar<A>, rest: Readonly<Record<Item, number>>): Readonly<Record<Item, A>> =>
  Object.fromEntries((Object.entries(rest) as [Item, number][]).map(([item, x]) => [item, S.of(x)])) // its keys are items
/** The numbers that the lemma bounds, in the order of the checker. */
const bounds = (loss: AnyLoss, examples: number, { lemma, moving, points, rest }: Witness): readonly Interval[] => {
  const f = firstLoss(loss, examples)
  const [first, second] = moving as readonly [Item, Item] // as many as the lemma moves
  const at = (item: Item, given: Readonly<Record<Item, number>>): Interval => {
    const place = { ...rest, ...given }
    const body: Unary = (S) => (x) => f(S, { ...resting(S, place), [item]: x })
    return enclosing(body)([place[item]!, place[item]!]).slope
  }
  switch (lemma) {
    case 'not monotone':
      return points.map((x) => f(intervals, { ...resting(intervals, rest), [first]: intervals.of(x) }))
    case 'not relative':
      return moving.map((item) => at(item, {}))
    case 'not separable': {
      const places = [0, 1].flatMap((i) => [2, 3].map((j) => ({ [first]: points[i]!, [second]: points[j]! })))
      return moving.flatMap((item) => places.map((place) => at(item, place)))
    }
    case 'not one reward': {
      const [a, b] = points as readonly [number, number] // the lemma takes two
      const places = [
        [a, a],
        [b, b],
        [a, b],
        [b, a],
      ] as const
      return places.map(([x, y]) => f(intervals, { ...resting(intervals, rest), [first]: intervals.of(x), [second]: intervals.of(y) }))
    }
    case 'nothing compared':
      return []
  }
}
const ofWitness = (loss: AnyLoss, found: Witness, { scalar, leaf }: Graph): Pick<Certificate, 'parts' | 'refutation'> => {
  const examples = found.lemma === 'not relative' || found.lemma === 'nothing compared' ? 2 : 1
  const leaves = Object.fromEntries(Object.keys(found.rest).map((item) => [item, leaf(item)]))
  return {
    parts: { loss: firstLoss(loss, examples)(scalar, leaves) },
    refutation: {
      ...{ lemma: found.lemma, in: found.moving, points: found.points.map(exactly) },
      at: Object.fromEntries(Object.entries(found.rest).map(([item, x]) => [item, exactly(x)])),
      enclosures: bounds(loss, examples, found).map(([low, high]) => loosely([low - 2 ** -60, high + 2 ** -60])),
    },
  }
}

// ------------------------------------------------------------------ all of it

const shown = /^(v |t |r |a declaration exists)/
/** Two of v, two of r, and that four numbers are positive. */
const ofDeclaration = 8
/** What `verify` says of a loss, to be checked by others. */
export const certificate = (loss: AnyLoss): Certificate => {
  const [report, g] = [verify(loss), graph()]
  const found = isHalo(loss) || isView(loss) ? undefined : witness(loss)
  const content = {
    ...(isHalo(loss) ? ofHalo(loss, g) : isView(loss) ? ofHalo(loss.through, g) : { parts: {}, claims: [] }),
    ...{ refutation: null },
    ...(found && ofWitness(loss, found, g)),
  }
  const rest = report.conditions.filter(({ name }) => !shown.test(name))
  const lacking = report.verdict === 'HALO' && content.claims.length < ofDeclaration
  return {
    ...{ format: 'halograd certificate', version: 1, loss: loss.name, settings: {}, nodes: g.nodes },
    ...{ ...content, verdict: lacking ? 'undecided' : report.verdict },
    uncertified: rest.map(({ name, finding }) => `${name}: ${finding.tag}`),
  }
}
