/**
 * Certificates: what `verify` found, written so that a program which trusts nothing of this one can see it again: the expressions of the
 * parts, and for every claim boxes that cover its domain with an enclosure on each; or where a lemma refutes the loss. The format is
 * that of the checker (app/check/certificate.ts).
 *
 *     { loss: 'KTO', verdict: 'HALO', nodes: [['leaf', 'z'], ['sigmoid', 0], …], parts: { value: 1, … }, claims: […], refutation: null }
 */
import { either as E } from 'fp-ts'
import type { Scalar, Unary } from '../core/index.ts'
import { type Interval, intervals } from '../core/internal.ts'
import {
  type Certified,
  type CertifiedClaim,
  type CertifiedGraph,
  type CertifiedNode,
  type CertifiedRange,
  exactly,
  graph,
  loosely,
  ofHalo,
} from './certified-claims.ts'
import { declarationOf } from './declared.ts'
import { isHalo, isView } from './kinds.ts'
import type { AnyLoss } from './loss.ts'
import { enclose, subjectOf } from './prove.ts'
import { firstLoss, type Item, type Witness, witness } from './refute.ts'
import { type VerifyReport, verify } from './verify.ts'

/**
 * The proofs that a verdict rests on, as plain data (JSON): programs as nodes, claims with their boxes, witnesses with their points.
 * `halograd check` verifies one without the prover.
 */
export interface Certificate extends Certified {
  readonly format: 'halograd certificate'
  readonly version: 1
  readonly loss: string
  readonly verdict: VerifyReport['verdict']
  readonly nodes: readonly CertifiedNode[]
  readonly refutation: CertifiedWitness | null
  /** What `verify` found that no certificate shows. */
  readonly uncertified: readonly string[]
}
interface CertifiedWitness {
  readonly lemma: Witness['lemma']
  readonly in: readonly Item[]
  readonly at: Readonly<Record<Item, CertifiedRange>>
  readonly points: readonly CertifiedRange[]
  readonly enclosures: readonly CertifiedRange[]
}

const resting = <A>(S: Scalar<A>, rest: Readonly<Record<Item, number>>): Readonly<Record<Item, A>> =>
  Object.fromEntries((Object.entries(rest) as [Item, number][]).map(([item, x]) => [item, S.of(x)])) // its keys are items
/** The numbers that the lemma bounds, in the order of the checker. */
const bounds = (loss: AnyLoss, examples: number, { lemma, moving, points, rest }: Witness): readonly Interval[] => {
  const f = firstLoss(loss, examples)
  const [first, second] = moving as readonly [Item, Item] // as many as the lemma moves
  const at = (item: Item, given: Readonly<Record<Item, number>>): Interval => {
    const place = { ...rest, ...given }
    const body: Unary = (S) => (x) => f(S, { ...resting(S, place), [item]: x })
    const subject = subjectOf(body)
    if (E.isLeft(subject)) throw new TypeError(`${item}: ${subject.left}`)
    return enclose(subject.right)([place[item]!, place[item]!]).slope
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
    case 'not concave': {
      const [a, b, c, d] = points as readonly [number, number, number, number] // the lemma takes four
      const places = [[c, a] as const, [d, b] as const, [d, a] as const, [c, b] as const]
      return places.map(([x, y]) => f(intervals, { ...resting(intervals, rest), [first]: intervals.of(x), [second]: intervals.of(y) }))
    }
    case 'nothing compared':
      return []
  }
}
const ofWitness = (loss: AnyLoss, found: Witness, { scalar, leaf }: CertifiedGraph): Pick<Certificate, 'parts' | 'refutation'> => {
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

/** That v is a line: its curvature is 0 on the domain of the claim that it never falls. */
const affineClaims = (claims: readonly CertifiedClaim[]): readonly CertifiedClaim[] =>
  claims
    .filter(({ part, claim }) => part === 'value' && claim === 'non-decreasing')
    .map((made) => ({ ...made, claim: 'affine', boxes: [{ box: Object.values(made.domain), enclosure: exactly(0) }] }))
const shown = /^(v |t |r |a declaration exists)/
/** Two of v, two of r, and that four numbers are positive; without one of them there is no proof. */
const ofDeclaration = 8
/**
 * The verdict of `verify` with everything that a program which trusts nothing of the prover needs to check it: `halograd check FILE` does.
 * @throws TypeError where a stated loss is refuted by a witness that cannot be traced again
 * @example
 * ```ts
 * import { certificate, dpo, getOrThrow } from 'halograd/halos'
 * const { verdict, claims } = certificate(getOrThrow(dpo()))
 * console.log(verdict, claims.map(({ claim }) => claim)[0]) // HALO non-decreasing
 * ```
 */
export const certificate = (loss: AnyLoss): Certificate => {
  const [report, g] = [verify(loss), graph()]
  const declared = isHalo(loss) || isView(loss) || report.verdict === 'HALO' ? declarationOf(loss) : undefined
  const found = declared === undefined ? witness(loss) : undefined
  const content = {
    ...(declared === undefined ? { parts: {}, claims: [], settings: {} } : ofHalo(declared, g)),
    ...{ refutation: null },
    ...(found && ofWitness(loss, found, g)),
  }
  const line = report.verdict === 'degenerate' ? affineClaims(content.claims) : []
  const rest = report.conditions.filter(({ name }) => !shown.test(name))
  const lacking = report.verdict === 'HALO' && content.claims.length < ofDeclaration
  return {
    ...{ format: 'halograd certificate', version: 1, loss: loss.name, nodes: g.nodes },
    ...{ ...content, claims: [...content.claims, ...line], verdict: lacking ? 'undecided' : report.verdict },
    uncertified: rest.map(({ name, finding }) => `${name}: ${finding.tag}`),
  }
}
