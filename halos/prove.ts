/**
 * Proofs about scalar functions, by interval arithmetic: a claim that holds inside every box of a segment, and where the boxes meet,
 * holds on the segment. The segment may be the whole line; settings may be intervals, and the claim is then proved for all of them.
 *
 *     slope ≥ 0 in every box, f(p⁻) ≤ f(p) ≤ f(p⁺) where they meet   ⇒   f is non-decreasing
 *
 * A function that may be undefined, infinite or discontinuous inside a box is proved nothing about there. What is refuted is refuted by
 * points: by one-sided slopes, by values on both sides of a jump, by a chord that passes above the function. See docs/theory.
 */
import { either as E } from 'fp-ts'
import type { Primitive, Unary } from '../core/index.ts'
import { type Interval, intervals, isCertain, isReal, mark, mayBeNaN } from '../core/internal.ts'
import { type BoxSide, type Jet, type JetNotes, still, variable } from './jet.ts'
import { jets } from './jets.ts'
import { runProgram, type ScalarProgram, trace } from './program.ts'

/** A scalar function as data: a program in one variable, and in settings, each of which is any number of an interval. */
export interface ProofSubject {
  readonly program: ScalarProgram
  readonly variable: string
  readonly settings: Readonly<Record<string, Interval>>
}
export interface Enclosure {
  readonly value: Interval
  readonly slope: Interval
  readonly curvature: Interval
}
interface IntervalEvaluation extends Enclosure {
  readonly notes: JetNotes
}

/** The subject that a body is; or what keeps it from being one. */
export const subjectOf = (body: Unary): E.Either<string, ProofSubject> =>
  E.map((program: ScalarProgram): ProofSubject => ({ program, variable: 'z', settings: {} }))(trace(body as never, ['z'])) // a body of one argument

const evaluate = ({ program, variable: name, settings }: ProofSubject, box: Interval, side: BoxSide): IntervalEvaluation => {
  const notes: JetNotes = { touching: false, crossings: [] }
  const fixed = Object.entries(settings).map(([setting, range]): [string, Jet] => [setting, still([...range])])
  const given = { ...Object.fromEntries(fixed), [name]: variable(box) }
  return { ...runProgram(program, jets(side, notes, box), given), notes }
}
/** Value, slope and curvature of a function on a box; the function of a point is enclosed at that point alone. */
export const enclose =
  (subject: ProofSubject) =>
  (box: Interval): Enclosure =>
    evaluate(subject, box, box[0] === box[1] ? 0 : 'box')

/** What is found at a point: the value, and the limits of value, slope and curvature from both sides. */
export interface Junction {
  readonly point: number
  readonly left: Enclosure
  readonly value: Interval
  readonly right: Enclosure
  /** The program compares nothing, so that it is continuous wherever it is defined: `max` has kinks, but no jumps. */
  readonly unbroken: boolean
}
const comparisons: ReadonlySet<Primitive> = new Set<Primitive>(['less', 'equal', 'where'])
const compares = ({ steps }: ScalarProgram): boolean => steps.some((step) => step.tag === 'apply' && comparisons.has(step.primitive))
const junction = (subject: ProofSubject, point: number): Junction => ({
  point,
  unbroken: !compares(subject.program),
  left: evaluate(subject, [point, point], -1),
  value: evaluate(subject, [point, point], 0).value,
  right: evaluate(subject, [point, point], 1),
})

// ------------------------------------------------------------------ claims

/** A property of functions that can be told from enclosures. */
export interface Claim {
  readonly name: 'non-decreasing' | 'increasing' | 'concave'
  /** It holds inside a box. */
  readonly holds: (inside: Enclosure) => boolean
  /** It fails inside a box. */
  readonly fails: (inside: Enclosure) => boolean
  /** It holds across a point, if it holds on both sides. */
  readonly joins: (at: Junction) => boolean
  /** Why it fails at a point, if it does. */
  readonly failsAt: (at: Junction) => string | undefined
  /** Why it fails among points, in their order, if it does. */
  readonly failsAmong: (left: Junction, middle: Junction, right: Junction) => string | undefined
}

const below = (x: Interval, y: Interval): boolean => isReal(x) && isReal(y) && x[1] < y[0]
const atMost = (x: Interval, y: Interval): boolean => isReal(x) && isReal(y) && x[1] <= y[0]
const known = ({ value, slope }: Enclosure): boolean => isCertain(value) && !mayBeNaN(slope)
const digits = ([low, high]: Interval): string => `${Number(((low + high) / 2).toPrecision(4))}`.replace('-', '−')
const steep = (side: Enclosure): boolean => isCertain(side.value) && isCertain(side.slope)
/** The slope of the one is certainly less than that of the other, which may be infinite. */
const flatter = (x: Enclosure, y: Enclosure): boolean =>
  isCertain(x.value) && isCertain(y.value) && !mayBeNaN(x.slope) && !mayBeNaN(y.slope) && x.slope[1] < y.slope[0]
const bent = (side: Enclosure): boolean => steep(side) && isCertain(side.curvature)

const fallsAt = ({ left, value, right }: Junction): string | undefined => {
  for (const side of [left, right]) if (steep(side) && side.slope[1] < 0) return `its slope is ${digits(side.slope)}`
  if (isCertain(left.value) && below(value, left.value)) return `it falls from ${digits(left.value)} to ${digits(value)}`
  if (isCertain(right.value) && below(right.value, value)) return `it falls from ${digits(value)} to ${digits(right.value)}`
  return undefined
}
const falls = (a: Junction, b: Junction): string | undefined =>
  below(b.value, a.value) ? `it falls from ${digits(a.value)} to ${digits(b.value)}` : undefined
/** Continuous by composition. Rounding may keep the enclosures of both sides from being seen to meet. */
const continuous = ({ left, value, right, unbroken }: Junction): boolean =>
  unbroken && isCertain(left.value) && isCertain(value) && isCertain(right.value)
const rises = (at: Junction): boolean =>
  continuous(at) ||
  (isCertain(at.left.value) && isCertain(at.right.value) && atMost(at.left.value, at.value) && atMost(at.value, at.right.value))

export const nonDecreasing: Claim = {
  name: 'non-decreasing',
  holds: (inside) => known(inside) && inside.slope[0] >= 0,
  fails: (inside) => steep(inside) && inside.slope[1] < 0,
  joins: rises,
  failsAt: fallsAt,
  failsAmong: (a, b, c) => falls(a, b) ?? falls(b, c),
}
export const increasing: Claim = {
  ...nonDecreasing,
  name: 'increasing',
  holds: (inside) => nonDecreasing.holds(inside) && (inside.slope[0] > 0 || ((inside.slope[2] ?? 0) & mark.nonzero) !== 0),
  fails: (inside) => steep(inside) && inside.slope[1] <= 0,
}
export const concave: Claim = {
  name: 'concave',
  holds: (inside) => known(inside) && !mayBeNaN(inside.curvature) && inside.curvature[1] <= 0,
  fails: (inside) => bent(inside) && inside.curvature[0] > 0,
  joins: (at) => rises(at) && (continuous(at) || atMost(at.right.value, at.left.value)) && atMost(at.right.slope, at.left.slope),
  failsAt: (at) => {
    const { left, value, right } = at
    for (const side of [left, right]) if (bent(side) && side.curvature[0] > 0) return `its curvature is ${digits(side.curvature)}`
    if (flatter(left, right)) return `its slope grows from ${digits(left.slope)} to ${digits(right.slope)}`
    const apart = [left, right].find((side) => isCertain(side.value) && (below(side.value, value) || below(value, side.value)))
    return apart && `it jumps from ${digits(apart.value)} to ${digits(value)}`
  },
  failsAmong: (a, b, c) => {
    if (flatter(a.right, c.left)) return `its slope grows from ${digits(a.right.slope)} to ${digits(c.left.slope)}`
    return underChord(a, b, c) ? `at ${b.point} it is under the chord of ${a.point} and ${c.point}` : undefined
  },
}
/** f(b) < f(a) + (f(c) − f(a)) (b − a)/(c − a): a concave function is never under a chord of its own. */
const underChord = (a: Junction, b: Junction, c: Junction): boolean => {
  const { of, add, sub, mul, div } = intervals
  const share = div(sub(of(b.point), of(a.point)), sub(of(c.point), of(a.point)))
  return below(b.value, add(a.value, mul(sub(c.value, a.value), share)))
}

// ------------------------------------------------------------------ decisions

/** A proof, as data: what was claimed of what, and the enclosures that show it. Certificates are written from this. */
export interface Proof {
  readonly claim: Claim['name']
  readonly subject: ProofSubject
  readonly segment: Interval
  /** Side by side they cover the segment. Enclosures are those inside the box, rounded outwards. */
  readonly boxes: readonly { readonly box: Interval; readonly enclosure: Enclosure }[]
  /** Where boxes meet at which comparisons change, or where a box is open: values and slopes on both sides. */
  readonly junctions: readonly Junction[]
}
export type Decision =
  | { readonly tag: 'proved'; readonly boxes: number; readonly proof: Proof }
  /** Points at which, or among which, the claim certainly fails. */
  | { readonly tag: 'refuted'; readonly witness: readonly number[]; readonly why: string }
  /** Neither; the subject is absent where there is no program. */
  | { readonly tag: 'open'; readonly subject?: ProofSubject; readonly why: string }

const byMagnitude = (a: number, b: number): number => Math.abs(a) - Math.abs(b)
/** Where a box is halved: by magnitude, so that any scale is reached in a few steps. */
export const middle = ([low, high]: Interval): number => {
  if (low < 0 && high > 0) return 0
  if (high <= 0) return -middle([-high, -low])
  if (high === Infinity) return low < 1 ? 1 : Math.min(2 * low * Math.max(1, low), low * 2 ** 64, Number.MAX_VALUE)
  if (low === 0) return high <= 1 ? Math.max(high * high * 0.25, high * 2 ** -64) : 1
  return high > 4 * low ? Math.sqrt(low) * Math.sqrt(high) : low + (high - low) / 2
}
const within = ([low, high]: Interval, x: number): boolean => low < x && x < high

/** A box whose end is 0 is open there: a function may well be infinitely steep at 0, of which no box that touches it is to blame. */
const opened = ([low, high]: Interval): Interval => (low === 0 || high === 0 ? [low, high, mark.nonzero] : [low, high])

/** How many boxes are halved; of those in whose middle the function is not known to be defined, a twentieth. */
const most = 1000
/** Decide a claim on a segment by bisection, breadth first: every box is proved, or refuted by points in it, or halved. */
export const decideSubject = (subject: ProofSubject, claim: Claim, [from, to]: Interval, budget = most): Decision => {
  const segment: Interval = [from, to]
  const at = memo((point: number) => junction(subject, point))
  const boxes: { readonly box: Interval; readonly enclosure: Enclosure }[] = []
  const open: Interval[] = []
  const joints = new Set<number>()
  const inner = (x: number): boolean => within(segment, x)
  let todo: Interval[] = [segment]
  let [seen, blind] = [0, 0]
  while (todo.length > 0) {
    const next: Interval[] = []
    for (const box of todo) {
      const { notes, ...enclosure } = evaluate(subject, opened(box), 'box')
      if (claim.holds(enclosure)) {
        boxes.push({ box, enclosure })
        for (const end of [box[0], box[1]]) if (inner(end) && (notes.touching || end === 0)) joints.add(end)
        continue
      }
      const centre = notes.crossings.filter((x) => within(box, x)).sort(byMagnitude)[0] ?? middle(box)
      const refuted = refuteIn(claim, at, box, centre, inner) ?? (claim.fails(enclosure) ? insideOf(box, enclosure) : undefined)
      if (refuted !== undefined) return simpler(claim, at, refuted, segment)
      if (!isCertain(at(centre).value)) blind++ // not defined at a point, nor, it seems, around it
      if (++seen > budget || (blind > budget / 20 && !isCertain(at(centre).value)) || !within(box, centre)) open.push(box)
      else next.push([box[0], centre], [centre, box[1]])
    }
    todo = next
  }
  const junctions = [...joints].sort((a, b) => a - b).map(at)
  for (const joint of junctions) {
    const why = claim.failsAt(joint)
    if (why !== undefined) return { tag: 'refuted', witness: [joint.point], why }
    if (!claim.joins(joint)) open.push([joint.point, joint.point])
  }
  if (open.length > 0) {
    const nearest = open.map(([low, high]) => (Math.abs(low) < Math.abs(high) ? low : high)).sort(byMagnitude)[0]
    const hint = compares(subject.program) ? '; if it is continuous there, write it with piecewise(…), or max/min, rather than where' : ''
    return { tag: 'open', subject, why: `no box could be decided near ${subject.variable} = ${nearest}${hint}` }
  }
  boxes.sort((a, b) => a.box[0] - b.box[0])
  return { tag: 'proved', boxes: boxes.length, proof: { claim: claim.name, subject, segment, boxes, junctions } }
}

/** A claim holds on a box, and where it meets the next ones within the segment. */
export const holdsOn = (subject: ProofSubject, claim: Claim, box: Interval, segment: Interval): boolean => {
  const { notes, ...enclosure } = evaluate(subject, opened(box), 'box')
  const joints = [box[0], box[1]].filter((end) => within(segment, end) && (notes.touching || end === 0))
  return claim.holds(enclosure) && joints.every((end) => claim.joins(junction(subject, end)))
}
/** How far from 0, up to `to`, a property of boxes holds: boxes are tried, and halved, from 0 outwards, until one is too small. */
export const march = (holds: (from: number, to: number) => boolean, to: number): number => {
  const todo: number[] = [to]
  let [reached, tries] = [0, 0]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (holds(reached, next)) {
      reached = next
      continue
    }
    const centre = middle([reached, next])
    if (!within([reached, next], centre) || next - reached < 2 ** -30 * next || ++tries > most) return reached
    todo.push(next, centre)
  }
  return reached
}

type Refutation = Extract<Decision, { readonly tag: 'refuted' }>
type JunctionAt = (point: number) => Junction
const memo = <A>(f: (x: number) => A): ((x: number) => A) => {
  const known = new Map<number, A>()
  return (x) => {
    const before = known.get(x) ?? f(x)
    known.set(x, before)
    return before
  }
}
const refuted = (witness: readonly number[], why: string | undefined): Refutation | undefined =>
  why === undefined ? undefined : { tag: 'refuted', witness, why }

/** Points of a box at which the claim fails: its middle, its ends, or the three of them together. */
const refuteIn = (
  claim: Claim,
  at: JunctionAt,
  [low, high]: Interval,
  centre: number,
  inner: (x: number) => boolean,
): Refutation | undefined => {
  if (!within([low, high], centre)) return undefined
  const one = refuted([centre], claim.failsAt(at(centre)))
  if (one !== undefined || !inner(low) || !inner(high)) return one
  return refuted([low, centre, high], claim.failsAmong(at(low), at(centre), at(high)))
}
const insideOf = ([low, high]: Interval, { slope: [least, greatest] }: Enclosure): Refutation => ({
  tag: 'refuted',
  witness: [low, high],
  why: `its slope is within [${least}, ${greatest}] on all of it`,
})

/** The same refutation by a number of few digits, where there is one. */
const simpler = (claim: Claim, at: JunctionAt, found: Refutation, segment: Interval): Refutation => {
  for (let digits = 1; digits <= 15; digits++) {
    const rounded = found.witness.map((x) => Number(x.toPrecision(digits)))
    if (!rounded.every((x) => within(segment, x))) continue
    const [a, b, c] = rounded.map((x) => at(x))
    if (a === undefined) return found
    const again = rounded.length === 1 ? refuted(rounded, claim.failsAt(a)) : undefined
    const ordered = b !== undefined && c !== undefined && a.point < b.point && b.point < c.point
    const three = ordered ? refuted(rounded, claim.failsAmong(a, b, c)) : undefined
    const simple = again ?? three
    if (simple !== undefined) return simple
  }
  return found
}

/** The same for a body; one that is no program is open. */
export const decide = (body: Unary, claim: Claim, segment: Interval): Decision =>
  E.match(
    (why: string): Decision => ({ tag: 'open', why }),
    (subject: ProofSubject) => decideSubject(subject, claim, segment),
  )(subjectOf(body))
