/**
 * An independent checker of certificates, which shares no code with the prover and believes none of its numbers. It demands that
 *
 *     the boxes of a claim cover its domain exactly;  each enclosure that is claimed contains its own;  the claim follows from each;
 *     the verdict follows from the claims, or from a refutation.
 */
import { type ParsedCertificate, type ParsedClaim, type ParsedRefutation, read } from './certificate.ts'
import * as I from './interval.ts'
import { type CertificateNode, type CheckedRange, jetOf, type RationalJet } from './jet.ts'

const ensure: typeof I.ensure = I.ensure

const alike = (x: I.RationalInterval, y: I.RationalInterval): boolean => x.low === y.low && x.high === y.high
/** The boxes are the domain, cut and cut again: at a cut near the middle of the list that no box straddles. */
const covers = (domain: readonly I.RationalInterval[], boxes: readonly (readonly I.RationalInterval[])[]): boolean => {
  if (boxes.length < 2) return boxes.length === 1 && domain.every((side, i) => alike(side, boxes[0]![i]!))
  for (const [i, side] of domain.entries()) {
    const lows = boxes.map((box) => box[i]!.low).sort((x, y) => Number(x > y) - Number(x < y))
    const middle = lows.length >> 1
    for (const cut of [...lows.slice(middle), ...lows.slice(0, middle)]) {
      const [under, over] = [boxes.filter((box) => box[i]!.high <= cut), boxes.filter((box) => box[i]!.low >= cut)]
      if (under.length === 0 || over.length === 0 || under.length + over.length !== boxes.length) continue
      const part = (low: bigint, high: bigint) => domain.map((other, j) => (i === j ? I.interval(low, high) : other))
      return covers(part(side.low, cut), under) && covers(part(cut, side.high), over)
    }
  }
  return false
}

/** What a claim bounds, and when it follows from the enclosure that is claimed and the checker's own. */
const kinds: Readonly<
  Record<string, readonly [of: keyof RationalJet, follows: (claimed: I.RationalInterval, own: I.RationalInterval) => boolean]>
> = {
  'non-decreasing': ['slope', ({ low }) => low >= 0n],
  increasing: ['slope', ({ low }, own) => low >= 0n && I.above0(own)],
  concave: ['curvature', ({ high }) => high <= 0n],
  affine: ['curvature', (_, own) => own.low === 0n && own.high === 0n],
  positive: ['value', ({ low }, own) => low >= 0n && I.above0(own)],
}
/** Every enclosure of a claim, on its box; and where a concave function is put together from boxes, at the joints. */
const prove = (nodes: readonly CertificateNode[], root: number, { claim, in: moving, domain, boxes }: ParsedClaim): void => {
  ensure(Object.hasOwn(kinds, claim), `no claim is called '${claim}'`)
  const [[of, follows], names] = [kinds[claim]!, Object.keys(domain)]
  ensure(of === 'value' || names.includes(moving), `'${moving}' has no domain`)
  const [whole, cover] = [Object.values(domain), boxes.map(({ box }) => box)]
  const exact = cover.every((box) => box.length === whole.length) && covers(whole, cover)
  ensure(exact, `the boxes of '${claim}' do not cover its domain exactly`)
  for (const { box, enclosure } of boxes) {
    const sides: CheckedRange = Object.fromEntries(names.map((name, i) => [name, I.interval(box[i]!.low, box[i]!.high, whole[i]!.nonzero)]))
    const own = jetOf(nodes, root, sides, moving, false)[of]
    ensure(I.within(own, enclosure), `${claim}: an enclosure does not contain the ${of} on its box`)
    ensure(follows(enclosure, own), `${claim}: it does not follow from an enclosure`)
    const { low, high } = domain[moving] ?? I.everything
    for (const joint of of === 'curvature' ? [sides[moving]!.low, sides[moving]!.high] : []) {
      if (joint === low || joint === high) continue
      const { curvature } = jetOf(nodes, root, { ...sides, [moving]: I.point(joint) }, moving, true)
      ensure(curvature.high <= 0n, `${claim}: it may bend upwards where two boxes meet`)
    }
  }
}

const negative = I.interval(-I.infinity, 0n)
const numbers = ['scale', 'inverseTemperature'].flatMap((of) => [`${of}.desirable`, `${of}.undesirable`])
/** What Definition 3.4 demands of the parts, on these domains at least; that r is not flat, where the policy is its reference model. */
const required: readonly (readonly [part: string, claim: string, moving: string, domain: CheckedRange])[] = [
  ['value', 'non-decreasing', 'z', { z: I.everything }],
  ['value', 'concave', 'z', { z: I.interval(0n, I.infinity) }],
  ['reward', 'non-decreasing', 'policy', { policy: negative, reference: negative, length: I.interval(I.one, I.infinity) }],
  ['reward', 'increasing', 'policy', { policy: I.of(-1), reference: I.of(-1), length: I.unit }],
  ...numbers.map((part) => [part, 'positive', part, {}] as const),
]
const declared = ({ claims, settings }: ParsedCertificate): void => {
  for (const [part, claim, moving, domain] of required) {
    const wide = (given: CheckedRange): boolean =>
      Object.entries(given).every(([name, x]) => Object.hasOwn(settings, name) || (domain[name] && I.within(domain[name], x)))
    const made = claims.some((made) => made.part === part && made.claim === claim && made.in === moving && wide(made.domain))
    ensure(made, `a HALO needs the claim that ${part} is ${claim}, on its whole domain`)
  }
}

/** The leaves on which a node depends. */
const leavesOf = (nodes: readonly CertificateNode[], root: number): readonly string[] => {
  const seen = new Set([root])
  for (const i of seen) for (const arg of nodes[i]![0] === 'constant' ? [] : nodes[i]!.slice(1)) if (typeof arg === 'number') seen.add(arg)
  return [...seen].flatMap((i) => (nodes[i]![0] === 'leaf' ? String(nodes[i]![1]) : []))
}
type JetAt = (moving: string, point: CheckedRange) => RationalJet
const apart = (x: I.RationalInterval, y: I.RationalInterval): boolean => I.below(x, y) || I.below(y, x)
const isPair = (w: string, l: string, leaves: readonly string[]): boolean =>
  w === 'chosen.policy[0]' && l === 'rejected.policy[0]' && !leaves.some((leaf) => leaf.endsWith('[1]'))
/** Each lemma: the numbers that it bounds, and whether they refute that the loss is a HALO. */
type Lemma = (
  at: JetAt,
  refutation: ParsedRefutation,
  leaves: readonly string[],
) => readonly [bounds: readonly I.RationalInterval[], refuted: boolean]
const lemmas: Readonly<Record<string, Lemma>> = {
  'not monotone': (at, { in: [x = ''], points }) => {
    const bounds = points.map((point) => at(x, { [x]: point }).value)
    ensure(points.length === 3 && I.below(points[0]!, points[1]!) && I.below(points[1]!, points[2]!), 'three points are needed, in order')
    const turns = ([a, b, c]: readonly I.RationalInterval[]): boolean => I.below(a!, b!) && I.below(c!, b!)
    return [bounds, turns(bounds) || turns(bounds.map(I.negate))]
  },
  'not relative': (at, { in: [policy = '', reference = ''] }) => {
    const [model, felt] = [at(policy, {}).slope, at(reference, {}).slope]
    const same = reference.includes('.reference') && policy === reference.replace('.reference', '.policy')
    return [[model, felt], same && felt.nonzero && I.add(model, felt).nonzero]
  },
  // The slopes at two points of w (rows) and two of l (columns), whose cross ratio is not 1.
  'not separable': (at, { in: [w = '', l = ''], points }, leaves) => {
    ensure(points.length === 4, 'four points are needed')
    const slopes = (leaf: string) => [0, 1].flatMap((i) => [2, 3].map((j) => at(leaf, { [w]: points[i]!, [l]: points[j]! }).slope))
    const [own, other] = [slopes(w), slopes(l)]
    const diagonals = (x: readonly I.RationalInterval[], y: readonly I.RationalInterval[]): I.RationalInterval =>
      [x[0]!, y[1]!, x[3]!, y[2]!].reduce(I.mul)
    const [one, two] = [diagonals(own, other), diagonals(other, own)]
    return [[...own, ...other], isPair(w, l, leaves) && apart(one, two)]
  },
  // f(a, a) is not f(b, b), where the rest of the evidence is the same of both; nor is f a sum of a function of w and one of l.
  'not one reward': (at, { in: [w = '', l = ''], points: [a, b], at: rest }, leaves) => {
    ensure(a !== undefined && b !== undefined, 'two points are needed')
    const same = leaves.every((x) => x === w || x === l || alike(rest[x]!, rest[x.replace('rejected', 'chosen')] ?? rest[x]!))
    const values = [a, b, a, b].map((x, i) => at(w, { [w]: x, [l]: [a, b, b, a][i]! }).value)
    const [one, two, across] = [values[0]!, values[1]!, I.add(values[2]!, values[3]!)]
    return [values, isPair(w, l, leaves) && same && apart(one, two) && apart(I.add(one, two), across)]
  },
  // Of rewards in the order of the points, the second and third differ least: L(c, a) + L(d, b) > L(d, a) + L(c, b).
  'not concave': (at, { in: [w = '', l = ''], points, at: rest }, leaves) => {
    ensure(points.length === 4 && points.every((x, i) => i === 0 || points[i - 1]!.high <= x.low), 'four points are needed, in order')
    const same = leaves.every((x) => x === w || x === l || alike(rest[x]!, rest[x.replace('rejected', 'chosen')] ?? rest[x]!))
    const pairOnly = leaves.every((x) => /^(chosen|rejected)\./.test(x))
    const values = [2, 3, 3, 2].map((i, k) => at(w, { [w]: points[i]!, [l]: points[[0, 1, 0, 1][k]!]! }).value)
    const [inner, outer] = [I.add(values[0]!, values[1]!), I.add(values[2]!, values[3]!)]
    return [values, isPair(w, l, leaves) && same && pairOnly && I.below(outer, inner)]
  },
  'nothing compared': (_, __, leaves) => [[], leaves.every((leaf) => /^(outcome\.(policy|length)|label)\[0\]$/.test(leaf))],
}
const refute = ({ nodes, settings }: ParsedCertificate, root: number, refutation: ParsedRefutation): void => {
  const { lemma, at: rest, enclosures } = refutation
  ensure(Object.hasOwn(lemmas, lemma), `no lemma is called '${lemma}'`)
  const at: JetAt = (moving, point) => {
    const place: CheckedRange = { ...settings, ...rest, ...point }
    for (const [name, x] of Object.entries(place)) {
      const possible = /\.(policy|reference)\[/.test(name) ? x.high <= 0n : !name.includes('.length[') || x.low >= I.one
      ensure(possible, `${name} is no log-probability, or no length`)
    }
    return jetOf(nodes, root, place, moving, true)
  }
  const [bounds, refuted] = lemmas[lemma]!(at, refutation, leavesOf(nodes, root))
  const contained = bounds.length === enclosures.length && bounds.every((own, i) => I.within(own, enclosures[i]!))
  ensure(contained, `${lemma}: an enclosure does not contain what the loss is`)
  ensure(refuted, `${lemma}: it does not follow from these points`)
}
export type CheckOutcome = (ParsedCertificate & { readonly accepted: true }) | { readonly accepted: false; readonly reason: string }
/** Whether a certificate, parsed from JSON, proves its verdict. */
export const check = (json: unknown): CheckOutcome => {
  try {
    const certificate = read(json)
    const { verdict, nodes, parts, claims, refutation, settings } = certificate
    ensure(certificate.format === 'halograd certificate' && certificate.version === 1, 'it is no halograd certificate of version 1')
    const rootOf = (part: string): number => {
      ensure(Object.hasOwn(parts, part) && nodes[parts[part]!] !== undefined, `there is no part '${part}'`)
      return parts[part]!
    }
    for (const claim of claims) {
      for (const [name, x] of Object.entries(settings)) ensure(alike(x, claim.domain[name] ?? x), `${name} is not as it is set`)
      prove(nodes, rootOf(claim.part), claim)
    }
    if (refutation === undefined) declared(certificate)
    else refute(certificate, rootOf('loss'), refutation)
    // Of a value function that is a line, the conditions hold literally, and nothing may be compared.
    const line = claims.some(
      (made) => made.part === 'value' && made.claim === 'affine' && I.within(I.everything, made.domain.z ?? I.nothing),
    )
    const following = refutation !== undefined ? ['not a HALO'] : line ? ['HALO', 'degenerate'] : ['HALO']
    ensure(following.includes(verdict), `the verdict '${verdict}' does not follow`)
    return { accepted: true, ...certificate }
  } catch (error) {
    return { accepted: false, reason: error instanceof Error ? error.message : String(error) } // whatever it stumbled over
  }
}
