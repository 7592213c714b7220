/**
 * What a loss is: from a declaration to a report, condition by condition, each proved, tested or refuted; or, for a loss that is
 * stated without one, the refutation of every declaration.
 */
import { type Binary, type Interval, intervals } from '../core/index.ts'
import type { View } from './algebra.ts'
import {
  affineCondition,
  type Condition,
  evidenceCondition,
  heldCondition,
  referenceCondition,
  rewardCondition,
  valueConditions,
} from './conditions.ts'
import type { Everything } from './evidence.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { type Profile, profile } from './profile.ts'
import { enclose } from './prove.ts'
import type { Stated } from './stated.ts'

export interface Report {
  readonly name: string
  readonly verdict: 'HALO' | 'not a HALO' | 'undecided'
  /** The parts, in words: reward, reference, value. */
  readonly parts: Readonly<Record<string, string>>
  readonly conditions: readonly Condition[]
  readonly profile?: Profile
}

export const isHalo = (loss: AnyLoss): loss is Halo => 'value' in loss
export const isView = (loss: AnyLoss): loss is View<Everything> => 'through' in loss
export const isStated = (loss: AnyLoss): loss is Stated<Everything> => 'because' in loss

export const verify = (loss: AnyLoss): Report => {
  if (isView(loss)) {
    const seen = verify(loss.through)
    return {
      ...seen,
      name: loss.name,
      parts: { ...seen.parts, evidence: loss.seen.text },
      conditions: [...seen.conditions, evidenceCondition(loss)],
    }
  }
  if (isHalo(loss)) return verifyHalo(loss)
  const conditions = isStated(loss) ? [refutation(loss), evidenceCondition(loss)] : [evidenceCondition(loss)]
  return { name: loss.name, verdict: isStated(loss) ? verdictOf(conditions) : 'undecided', parts: {}, conditions }
}

const verifyHalo = (h: Halo): Report => {
  const conditions = [
    ...valueConditions(h.value),
    affineCondition(h),
    rewardCondition(h.reward),
    referenceCondition(h),
    heldCondition(h),
    evidenceCondition(h),
  ]
  return {
    name: h.name,
    verdict: verdictOf(conditions),
    parts: { reward: h.reward.name, reference: h.reference.name, value: h.value.name },
    conditions,
    profile: profile(h.value.body),
  }
}
const verdictOf = (conditions: readonly Condition[]): Report['verdict'] => {
  const tags = conditions.map(({ finding }) => finding.tag)
  return tags.includes('refuted') ? 'not a HALO' : tags.includes('open') ? 'undecided' : 'HALO'
}

/** Points by which one of the lemmas refutes every declaration; the reason alone where there is no formula to look at. */
const refutation = ({ because }: Stated<Everything>): Condition => {
  const { reason, body, arguments: [own, other] = ['r', 'the other reward'] } = because
  const refuted = (witness: string): Condition => ({ name: 'a declaration exists', finding: { tag: 'refuted', witness } })
  if (body === undefined) return refuted(reason)
  // Log-probabilities are not positive (and, below −30, not likely); rewards may be anything.
  const turn = turns(body, because.arguments === undefined ? candidates : candidates.filter((x) => x <= 0 && x >= -30))
  if (turn !== undefined)
    return refuted(
      `${reason}; with ${other} at ${turn.other}, the loss falls at ${own} = ${turn.falls} and rises at ${own} = ${turn.rises}`,
    )
  const cross = entangled(body)
  if (cross !== undefined)
    return refuted(
      `${reason}; not a function of g(own) − h(other): slopes at own ∈ {${cross.own.join(', ')}}, other ∈ {${cross.other.join(', ')}} have no common ratio`,
    )
  return { name: 'a declaration exists', finding: { tag: 'open', why: `${reason}; but neither lemma found points that refute it` } }
}

const candidates = [0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100].flatMap((r) => (r === 0 ? [0] : [r, -r, r / 10, -r / 10]))
/** Two own rewards at which the loss certainly falls, and certainly rises, the other reward being the same. */
export const turns = (
  body: Binary,
  among: readonly number[],
): { readonly other: number; readonly falls: number; readonly rises: number } | undefined => {
  for (const other of among) {
    const slopeAt = (r: number) => enclose((S) => (x) => body(S)(x, S.of(other)))([r, r]).slope
    const falls = among.find((r) => slopeAt(r)[1] < 0)
    const rises = among.find((r) => slopeAt(r)[0] > 0)
    if (falls !== undefined && rises !== undefined) return { other, falls, rises }
  }
  return undefined
}

/** Two own and two other rewards at which the cross ratio of the slopes is certainly not 1. */
export const entangled = (body: Binary): { readonly own: readonly number[]; readonly other: readonly number[] } | undefined => {
  const bySelf = (w: number, l: number): Interval => enclose((S) => (x) => body(S)(x, S.of(l)))([w, w]).slope
  const byOther = (w: number, l: number): Interval => enclose((S) => (x) => body(S)(S.of(w), x))([l, l]).slope
  const { mul } = intervals
  const few = [-0.5, -1, -2, -3, -5, 1, 3]
  for (const [w, x] of pairs(few))
    for (const [l, m] of pairs(few)) {
      const one = mul(mul(bySelf(w, l), byOther(w, m)), mul(bySelf(x, m), byOther(x, l)))
      const two = mul(mul(byOther(w, l), bySelf(w, m)), mul(byOther(x, m), bySelf(x, l)))
      if (one[1] < two[0] || two[1] < one[0]) return { own: [w, x], other: [l, m] }
    }
  return undefined
}
const pairs = (xs: readonly number[]): readonly (readonly [number, number])[] =>
  xs.flatMap((x, i) => xs.slice(i + 1).map((y) => [x, y] as const))
