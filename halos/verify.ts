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
import type { Everything } from './evidence.ts'
import { type Condition, type Finding, showSegment } from './findings.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { type Profile, profile } from './profile.ts'
import { reasonOf } from './reason.ts'
import { refutation } from './refute.ts'
import type { Stated } from './stated.ts'
import type { LossView } from './view.ts'

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
 * Whether a loss is declared by `halo`, so that its parts can be read.
 * @example
 * ```ts
 * import { dpo, getOrThrow, isHalo, sft } from 'halograd/halos'
 * console.log(isHalo(getOrThrow(dpo())), isHalo(getOrThrow(sft()))) // true false
 * ```
 */
export const isHalo = (loss: AnyLoss): loss is Halo => loss.kind === 'halo'
/**
 * Whether a loss is a HALO computed from other evidence, such as a loss of judgements that is given pairs.
 * @example
 * ```ts
 * import { catalogue, find, getOrThrow, isView } from 'halograd/halos'
 * console.log(isView(getOrThrow(find(await catalogue(), 'apo-zero')!()))) // true
 * ```
 */
export const isView = (loss: AnyLoss): loss is LossView<Everything> => loss.kind === 'view'
/**
 * Whether a loss is stated without a declaration, with the reason why there is none.
 * @example
 * ```ts
 * import { getOrThrow, isStated, sft } from 'halograd/halos'
 * const loss = getOrThrow(sft())
 * console.log(isStated(loss) && loss.because.split(':')[0]) // no reference point
 * ```
 */
export const isStated = (loss: AnyLoss): loss is Stated<Everything> => loss.kind === 'stated'

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
