/**
 * What a loss is: from a declaration to a report, condition by condition, each proved, tested or refuted; or, for a loss that is
 * stated without one, the refutation of every declaration. No verdict is taken on trust.
 */

import type { Interval } from '../core/internal.ts'
import { compositionCondition } from './composition.ts'
import {
  affineCondition,
  comparisonCondition,
  evidenceCondition,
  heldCondition,
  oneText,
  oneValueCondition,
  referenceCondition,
  rewardCondition,
  tokensCondition,
  valueConditions,
  vocabularyCondition,
} from './conditions.ts'
import { declarationOf } from './declared.ts'
import type { Everything } from './evidence.ts'
import { type Condition, type Finding, showSegment } from './findings.ts'
import type { Halo } from './halo.ts'
import { isHalo, isStated, isView } from './kinds.ts'
import type { AnyLoss } from './loss.ts'
import { type Profile, profile } from './profile.ts'
import { reasonOf } from './reason.ts'
import { refutation } from './refute.ts'

/**
 * `HALO`: every condition holds, on the whole line. `HALO on [a, b]`: for z in that segment; beyond, nothing is known. `degenerate`: the
 * conditions hold literally, but nothing is compared, and the loss equals one without a reference point.
 */
export type HaloVerdict = 'HALO' | `HALO on ${string}` | 'degenerate' | 'not a HALO' | 'undecided'
/** A verdict, with every condition and what was found of it. */
export interface VerifyReport {
  readonly name: string
  readonly verdict: HaloVerdict
  /** The parts, in words: reward, reference, value. */
  readonly parts: Readonly<Record<string, string>>
  readonly conditions: readonly Condition[]
  readonly profile?: Profile
}

/**
 * Is it a HALO? Every condition of KTO's Definition 3.4 (arXiv:2402.01306) is proved by interval arithmetic, for all settings at once
 * where that is possible, refuted by a witness, or reported as undecided with the reason.
 * @throws UnknownPrimitiveError where a body applies a primitive that does not exist; nothing else
 * @example
 * ```ts
 * import { describe, dpo, getOrThrow, verify } from 'halograd/halos'
 * const report = verify(getOrThrow(dpo()))
 * console.log(report.verdict) // HALO
 * ```
 */
export const verify = (loss: AnyLoss): VerifyReport => {
  try {
    return reportOf(loss)
  } catch (error) {
    const conditions: readonly Condition[] = [{ name: 'the loss can be read', finding: { tag: 'open', why: reasonOf(error) } }]
    return { name: loss.name, verdict: 'undecided', parts: {}, conditions } // an object written by hand may lack anything
  }
}
const reportOf = (loss: AnyLoss): VerifyReport => {
  if (isHalo(loss)) return ofHalo(loss, loss)
  if (isView(loss)) {
    const { parts, ...report } = ofHalo(loss.through, loss, loss.reduced)
    return { ...report, name: loss.name, parts: { ...parts, evidence: loss.seen.text } }
  }
  const found = foundDeclaration(loss)
  if (found !== undefined) return found
  const conditions = [{ name: 'a declaration exists', finding: declarability(loss) }, evidenceCondition(loss)]
  return { name: loss.name, verdict: verdictOf(conditions), parts: {}, conditions }
}

/** The report of a loss that is stated without a declaration, but has one at its settings. */
const foundDeclaration = (loss: AnyLoss): VerifyReport | undefined => {
  const declared = declarationOf(loss)
  if (declared === undefined) return undefined
  const report = ofHalo(declared, loss)
  const why = 'a function of one difference of rewards: r_w is compared with r_l, v(z) = −L(z), t(v) = −v'
  const existence: Condition = { name: 'a declaration exists', finding: { tag: 'by construction', why } }
  return report.verdict === 'HALO' ? { ...report, name: loss.name, conditions: [existence, ...report.conditions] } : undefined
}
/** Of a loss without a declaration: whether there can be one. */
const declarability = (loss: AnyLoss): Condition['finding'] => {
  try {
    const witness = refutation(loss)
    if (witness === undefined) return { tag: 'open', why: 'it has no declaration, and no lemma refutes that there is one' }
    return { tag: 'refuted', witness: isStated(loss) ? `${loss.because}; ${witness}` : witness }
  } catch (error) {
    return { tag: 'open', why: reasonOf(error) } // it computes what cannot be enclosed
  }
}

type Reduced = (evidence: Everything) => Everything
const conditionsOf = (h: Halo, loss: AnyLoss, reduced?: Reduced): readonly Condition[] => {
  const [vocabulary, ofValue] = [vocabularyCondition(h), valueConditions(h.value)]
  if (ofValue.some(({ name }) => name === oneText)) return [vocabulary, ...ofValue] // a body that may not end is not evaluated
  return [
    vocabulary,
    ...ofValue,
    comparisonCondition(h),
    affineCondition(h),
    oneValueCondition(h),
    rewardCondition(h.reward),
    referenceCondition(h),
    heldCondition(h),
    evidenceCondition(loss),
    compositionCondition(h, loss, reduced),
    ...(loss.tokens === undefined ? [] : [tokensCondition(loss.tokens)]),
  ]
}

/** What a declaration says, of the loss that it is evaluated as. */
const ofHalo = (h: Halo, loss: AnyLoss, reduced?: Reduced): VerifyReport => {
  const conditions = conditionsOf(h, loss, reduced).map(({ name, finding }): Condition => ({ name, finding }))
  const readable = !conditions.some(({ name }) => name === oneText)
  return {
    name: h.name,
    verdict: verdictOf(conditions),
    parts: { reward: h.reward.name, reference: h.reference.name, value: h.value.name },
    conditions,
    ...(readable && { profile: profile(h.value.body) }),
  }
}
const verdictOf = (conditions: readonly Condition[]): HaloVerdict => {
  const findings = conditions.map(({ finding }) => finding)
  const has = (tag: Finding['tag']): boolean => findings.some((finding) => finding.tag === tag)
  if (has('refuted')) return 'not a HALO'
  if (has('degenerate')) return 'degenerate'
  if (has('open')) return 'undecided'
  const segments = findings.flatMap((finding) => (finding.tag === 'proved on a segment' ? [finding.segment] : []))
  return segments.length === 0 ? 'HALO' : `HALO on ${showSegment(segments.reduce(common))}`
}
const common = ([a, b]: Interval, [c, d]: Interval): Interval => [a === 0 ? c : c === 0 ? a : Math.max(a, c), Math.min(b, d)]
