/**
 * An independent checker of certificates. It shares no code with the prover and believes none of its numbers: it differentiates the
 * expressions of the certificate itself, bounds them in exact arithmetic that is rounded outwards, and demands that
 *
 *     the boxes of a claim cover its domain exactly;  each enclosure that is claimed contains its own;  the claim follows from each;
 *     the verdict follows from the claims, or from a refutation.
 */
import { type Certificate, type Claim, ensure, type Refutation, read } from './certificate.ts'
import * as I from './interval.ts'
import { type Jet, jetOf, type Node, type Range } from './jet.ts'

// ------------------------------------------------------------------ claims

const alike = (x: I.Interval, y: I.Interval): boolean => x.low === y.low && x.high === y.high
/** The boxes are the domain, cut and cut again: at the cut nearest to the middle of the list that no box straddles. */
const covers = (domain: readonly I.Interval[], boxes: readonly (readonly I.Interval[])[]): boolean => {
  const [first] = boxes
  if (first === undefined || boxes.some((box) => box.length !== domain.length)) return false
  if (boxes.length === 1) return domain.every((side, i) => alike(side, first[i]!))
  for (const [i, side] of domain.entries()) {
    const lows = boxes.map((box) => box[i]!.low).sort((x, y) => (x < y ? -1 : x > y ? 1 : 0))
    const middle = lows.length >> 1
    for (const cut of [...lows.slice(middle), ...lows.slice(0, middle)]) {
      if (cut <= side.low || cut >= side.high) continue
      const [under, over] = [boxes.filter((box) => box[i]!.high <= cut), boxes.filter((box) => box[i]!.low >= cut)]
      if (under.length + over.length !== boxes.length) continue
      const part = (low: bigint, high: bigint) => domain.map((other, j) => (i === j ? I.interval(low, high) : other))
      return covers(part(side.low, cut), under) && covers(part(cut, side.high), over)
    }
  }
  return false
}

/** What a claim bounds, and when it follows from the enclosure that is claimed and the checker's own. */
const kinds: Readonly<Record<string, readonly [of: keyof Jet, follows: (claimed: I.Interval, own: I.Interval) => boolean]>> = {
  'non-decreasing': ['slope', ({ low }) => low >= 0n],
  increasing: ['slope', ({ low }, own) => low >= 0n && I.above0(own)],
  concave: ['curvature', ({ high }) => high <= 0n],
  positive: ['value', ({ low }, own) => low >= 0n && I.above0(own)],
}
/** Every enclosure of a claim, on its box; and where a concave function is put together from boxes, at the joints. */
const prove = (nodes: readonly Node[], root: number, { claim, in: moving, domain, boxes }: Claim): void => {
  ensure(Object.hasOwn(kinds, claim), `no claim is called '${claim}'`)
  const [[of, follows], names] = [kinds[claim]!, Object.keys(domain)]
  ensure(of === 'value' || moving in domain, `'${moving}' has no domain`)
  const [whole, cover] = [Object.values(domain), boxes.map(({ box }) => box)]
  ensure(covers(whole, cover), `the boxes of '${claim}' do not cover its domain exactly`)
  for (const { box, enclosure } of boxes) {
    // What the domain leaves out, every box leaves out.
    const sides: Range = Object.fromEntries(names.map((name, i) => [name, I.interval(box[i]!.low, box[i]!.high, whole[i]!.nonzero)]))
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
/** What Definition 3.4 demands of the parts, on these domains at least. */
const required: readonly (readonly [part: string, claim: string, moving: string | undefined, domain: Range])[] = [
  ['value', 'non-decreasing', 'z', { z: I.everything }],
  ['value', 'concave', 'z', { z: I.interval(0n, I.infinity) }],
  ['reward', 'non-decreasing', 'policy', { policy: negative, reference: negative, length: I.interval(I.one, I.infinity) }],
  ['reward', 'increasing', 'policy', {}],
  ...['desirable', 'undesirable'].flatMap((label) =>
    ['scale', 'temper'].map((part) => [`${part}.${label}`, 'positive', undefined, {}] as const),
  ),
]
const declared = (claims: readonly Claim[]): void => {
  for (const [part, claim, moving, domain] of required) {
    const wide = claims.some(
      (made) =>
        [made.part === part, made.claim === claim, moving === undefined || made.in === moving].every(Boolean) &&
        Object.entries(made.domain).every(([name, given]) => domain[name] === undefined || I.within(domain[name], given)),
    )
    ensure(wide, `a HALO needs the claim that ${part} is ${claim}, on its whole domain`)
  }
}

// ------------------------------------------------------------------ refutations

/** The leaves on which a node depends. */
const leavesOf = (nodes: readonly Node[], root: number): readonly string[] => {
  const seen = new Set([root])
  for (const i of seen) for (const arg of nodes[i]![0] === 'constant' ? [] : nodes[i]!.slice(1)) if (typeof arg === 'number') seen.add(arg)
  return [...seen].flatMap((i) => (nodes[i]![0] === 'leaf' ? String(nodes[i]![1]) : []))
}
/** Each lemma: the numbers that it bounds, and whether they refute that the loss is a HALO. */
type Lemma = (
  at: (point: Range, moving: string) => Jet,
  refutation: Refutation,
  leaves: readonly string[],
) => readonly [bounds: readonly I.Interval[], refuted: boolean]
const lemmas: Readonly<Record<string, Lemma>> = {
  'not monotone': (at, { in: [x = ''], points }) => {
    const [a, b, c] = points.map((point) => at({ [x]: point }, x).value)
    ensure(a && b && c ? I.below(points[0]!, points[1]!) && I.below(points[1]!, points[2]!) : false, 'three points are needed, in order')
    return [[a!, b!, c!], (I.below(b!, a!) && I.below(b!, c!)) || (I.below(a!, b!) && I.below(c!, b!))]
  },
  'not relative': (at, { in: [policy = '', reference = ''] }) => {
    ensure(
      reference.includes('.reference') && policy === reference.replace('.reference', '.policy'),
      'two models of a completion are needed',
    )
    const [model, felt] = [at({}, policy).slope, at({}, reference).slope]
    return [[model, felt], felt.nonzero && I.add(model, felt).nonzero]
  },
  'not separable': (at, { in: [w = '', l = ''], points }, leaves) => {
    const alone = w === 'chosen.policy[0]' && l === 'rejected.policy[0]' && !leaves.some((leaf) => leaf.endsWith('[1]'))
    ensure(alone && points.length === 4, 'four points of one pair alone are needed')
    // Rows: w at the first point, at the second. Columns: l at the third, at the fourth.
    const slopes = (leaf: string) => [0, 1].flatMap((i) => [2, 3].map((j) => at({ [w]: points[i]!, [l]: points[j]! }, leaf).slope))
    const [own, other] = [slopes(w), slopes(l)]
    const product = (...xs: readonly I.Interval[]): I.Interval => xs.reduce(I.mul)
    const [one, two] = [product(own[0]!, other[1]!, own[3]!, other[2]!), product(other[0]!, own[1]!, other[3]!, own[2]!)]
    return [[...own, ...other], I.below(one, two) || I.below(two, one)]
  },
  'nothing compared': (_, __, leaves) => [[], leaves.every((leaf) => /^(outcome\.(policy|length)|label)\[0\]$/.test(leaf))],
}
const refute = ({ nodes, parts, settings }: Certificate, refutation: Refutation): void => {
  const { lemma, at: rest, enclosures } = refutation
  ensure(Object.hasOwn(lemmas, lemma) && parts.loss !== undefined, `no lemma is called '${lemma}', or there is no loss`)
  const at = (point: Range, moving: string): Jet => {
    const place: Range = { ...settings, ...rest, ...point }
    for (const [name, x] of Object.entries(place)) {
      ensure(!/\.(policy|reference)\[/.test(name) || x.high <= 0n, `${name} is no log-probability`)
      ensure(!name.includes('.length[') || x.low >= I.one, `${name} is no length`)
    }
    return jetOf(nodes, parts.loss!, place, moving, true)
  }
  const [bounds, refuted] = lemmas[lemma]!(at, refutation, leavesOf(nodes, parts.loss))
  ensure(
    bounds.length === enclosures.length && bounds.every((own, i) => I.within(own, enclosures[i]!)),
    `${lemma}: an enclosure is not as claimed`,
  )
  ensure(refuted, `${lemma}: it does not follow from these points`)
}

// ------------------------------------------------------------------ all of it

export type Outcome = (Certificate & { readonly accepted: true }) | { readonly accepted: false; readonly reason: string }

const checked = (certificate: Certificate): Outcome => {
  const { verdict, nodes, parts, claims, refutation, settings } = certificate
  for (const [part, root] of Object.entries(parts)) ensure(nodes[root] !== undefined, `${part} is no node`)
  for (const claim of claims) {
    const root = parts[claim.part]
    ensure(root !== undefined, `there is no part '${claim.part}'`)
    for (const [name, x] of Object.entries(settings)) ensure(alike(x, claim.domain[name] ?? x), `${name} is not as it is set`)
    prove(nodes, root, claim)
  }
  if (refutation !== undefined) refute(certificate, refutation)
  if (verdict === 'HALO') declared(claims)
  ensure(verdict === (refutation === undefined ? 'HALO' : 'not a HALO'), `the verdict '${verdict}' does not follow`)
  return { accepted: true, ...certificate }
}

/** Whether a certificate, as JSON text, proves its verdict. */
export const check = (text: string): Outcome => {
  try {
    return checked(read(JSON.parse(text)))
  } catch (error) {
    if (error instanceof I.Rejected || error instanceof SyntaxError) return { accepted: false, reason: error.message }
    throw error
  }
}
