/**
 * What a loss is: from a declaration to a report, condition by condition, each proved, tested or refuted; or, for a loss that is
 * stated without one, the refutation of every declaration. No verdict is taken on trust.
 */

import { compositionCondition } from './composition.ts'
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
import { refutation } from './refute.ts'
import type { Stated } from './stated.ts'
import type { View } from './view.ts'

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
  if (isHalo(loss)) return ofHalo(loss, loss)
  if (isView(loss)) {
    const { parts, ...report } = ofHalo(loss.through, loss, loss.reduced)
    return { ...report, name: loss.name, parts: { ...parts, evidence: loss.seen.text } }
  }
  const conditions = [{ name: 'a declaration exists', finding: declarability(loss) }, evidenceCondition(loss)]
  return { name: loss.name, verdict: verdictOf(conditions), parts: {}, conditions }
}

/** Of a loss without a declaration: whether there can be one. */
const declarability = (loss: AnyLoss): Condition['finding'] => {
  try {
    const witness = refutation(loss)
    if (witness === undefined) return { tag: 'open', why: 'it has no declaration, and no lemma refutes that there is one' }
    return { tag: 'refuted', witness: isStated(loss) ? `${loss.because}; ${witness}` : witness }
  } catch (error) {
    return { tag: 'open', why: error instanceof Error ? error.message : String(error) } // it computes what cannot be enclosed
  }
}

/** What a declaration says, of the loss that it is evaluated as. */
const ofHalo = (h: Halo, loss: AnyLoss, reduced?: (evidence: Everything) => Everything): Report => {
  const conditions = [
    ...valueConditions(h.value),
    affineCondition(h),
    rewardCondition(h.reward),
    referenceCondition(h),
    heldCondition(h),
    evidenceCondition(loss),
    compositionCondition(h, loss, reduced),
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
