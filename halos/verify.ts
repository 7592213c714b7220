/**
 * What a loss is: from a declaration to a report, condition by condition, each proved, tested or refuted; or, for a loss that is
 * stated without one, the refutation of every declaration.
 */
import type { Binary } from '../core/index.ts'
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
      parts: { ...seen.parts, evidence: 'pairs, each as two judged completions' },
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

/** Points with slopes of opposite sign, where the lemma applies; the reason otherwise. */
const refutation = ({ because }: Stated<Everything>): Condition => {
  const name = 'a declaration exists'
  if (because.tag !== 'not monotone') return { name, finding: { tag: 'refuted', witness: `${because.tag}: ${because.reason}` } }
  const found = turns(because.body)
  return {
    name,
    finding:
      found === undefined
        ? { tag: 'open', why: 'no two slopes of opposite sign were found' }
        : {
            tag: 'refuted',
            witness: `not monotone in log π: with the other reward at ${found.other}, the loss falls at r = ${found.falls} and rises at r = ${found.rises}`,
          },
  }
}

const candidates = [0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100].flatMap((r) => (r === 0 ? [0] : [r, -r, r / 10, -r / 10]))
/** Two own rewards at which the loss certainly falls, and certainly rises, the other reward being the same. */
export const turns = (body: Binary): { readonly other: number; readonly falls: number; readonly rises: number } | undefined => {
  for (const other of candidates) {
    const slopeAt = (r: number) => enclose((S) => (x) => body(S)(x, S.of(other)))([r, r]).slope
    const falls = candidates.find((r) => slopeAt(r)[1] < 0)
    const rises = candidates.find((r) => slopeAt(r)[0] > 0)
    if (falls !== undefined && rises !== undefined) return { other, falls, rises }
  }
  return undefined
}
