/** What was found of a condition: proved, in full or on a segment; by construction; tested; refuted by a witness; degenerate; or open. */
import { either as E } from 'fp-ts'
import type { Interval } from '../core/internal.ts'
import { type DeclaredSettings, type ScalarText, saysOf, textSubject } from './parameters.ts'
import { type Claim, type Decision, decideSubject, holdsOn, march, type Proof, type ProofSubject } from './prove.ts'

export type Finding =
  /** True on the whole segment that the definition asks for. `settings` says for which settings at once; `flat` where a bound acts. */
  | { readonly tag: 'proved'; readonly segment: Interval; readonly boxes: number; readonly settings?: string; readonly flat?: string }
  /** True on this segment only; why it could not be proved beyond. */
  | { readonly tag: 'proved on a segment'; readonly segment: Interval; readonly why: string }
  | { readonly tag: 'by construction'; readonly why: string }
  | { readonly tag: 'tested'; readonly cases: number; readonly seed: number; readonly what: string }
  | { readonly tag: 'refuted'; readonly witness: string }
  /** Literally true, and without content: the loss is equal to one that compares nothing. */
  | { readonly tag: 'degenerate'; readonly equality: string }
  | { readonly tag: 'open'; readonly why: string }
export interface Condition {
  readonly name: string
  readonly finding: Finding
  /** What shows it, where it is proved. */
  readonly proof?: Proof
}

/** A claim about a text: for all of its settings at once, or else at its own. */
export const conditionOf = (
  name: string,
  text: ScalarText,
  parameters: DeclaredSettings,
  claim: Claim,
  segment: Interval,
  variable: string,
): Condition => {
  const all = decideText(text, parameters, claim, segment, 'all')
  if (all.tag === 'proved') return { name, finding: provedBy(all, segment, saysOf(parameters)), proof: all.proof }
  const own = Object.keys(parameters).length === 0 ? all : decideText(text, parameters, claim, segment, 'own')
  if (own.tag === 'proved') return { name, finding: provedBy(own, segment), proof: own.proof }
  if (own.tag === 'refuted') {
    const points = own.witness.map((x) => `${variable} = ${x}`)
    return { name, finding: { tag: 'refuted', witness: `${points.length > 1 ? 'at ' : ''}${points.join(', ')}: ${own.why}` } }
  }
  return { name, finding: inPart(own, claim, segment) }
}
const decideText = (text: ScalarText, parameters: DeclaredSettings, claim: Claim, segment: Interval, settings: 'all' | 'own'): Decision =>
  E.match(
    (why: string): Decision => ({ tag: 'open', why }),
    (subject: ProofSubject) => decideSubject(subject, claim, segment),
  )(textSubject(text, parameters, settings))

const provedBy = ({ boxes }: { readonly boxes: number }, segment: Interval, settings = ''): Finding => ({
  ...{ tag: 'proved', segment, boxes },
  ...(settings !== '' && { settings }),
})

/** The segment around 0 (or from 0 on, where the claim begins there) as far as it is proved. */
const inPart = ({ subject, why }: Extract<Decision, { readonly tag: 'open' }>, claim: Claim, [from, to]: Interval): Finding => {
  if (subject === undefined) return { tag: 'open', why }
  const holds = (box: Interval): boolean => holdsOn(subject, claim, box, [from, to])
  const segment: Interval = [from < 0 ? -march((x, y) => holds([-y, -x]), -from) : 0, march((x, y) => holds([x, y]), to)]
  return segment[1] > 0 && (from === 0 || segment[0] < 0) ? { tag: 'proved on a segment', segment, why } : { tag: 'open', why }
}

export const short = (x: number): string => (Number.isFinite(x) ? `${Number(x.toPrecision(4))}`.replaceAll('-', '−') : x > 0 ? '∞' : '−∞')
/** '[−709.8, ∞)'. */
export const showSegment = ([low, high]: Interval): string =>
  `${low === -Infinity ? '(' : '['}${short(low)}, ${short(high)}${high === Infinity ? ')' : ']'}`
