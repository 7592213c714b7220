/** What was found of a condition: proved, in full or on a segment; by construction; tested; refuted by a witness; degenerate; or open. */
import { either as E } from 'fp-ts'
import type { Interval } from '../core/index.ts'
import { type Parameters, saysOf, type Text, textSubject } from './parameters.ts'
import { type Claim, type Decision, decideSubject, type Proof, type Subject } from './prove.ts'

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
  /** What shows it, where it is proved: see `proofsOf`. */
  readonly proof?: Proof
}

/** A claim about a text: for all of its settings at once, or else at its own. */
export const conditionOf = (
  name: string,
  text: Text,
  parameters: Parameters,
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
  return { name, finding: inPart(own, segment) }
}
const decideText = (text: Text, parameters: Parameters, claim: Claim, segment: Interval, settings: 'all' | 'own'): Decision =>
  E.match(
    (why: string): Decision => ({ tag: 'open', open: [segment], why }),
    (subject: Subject) => decideSubject(subject, claim, segment),
  )(textSubject(text, parameters, settings))

const provedBy = ({ boxes }: { readonly boxes: number }, segment: Interval, settings = ''): Finding => ({
  ...{ tag: 'proved', segment, boxes },
  ...(settings !== '' && { settings }),
})

/** The segment around 0 on which nothing is open; or open, if 0 is not inside of it (or at its end, where the claim begins at 0). */
const inPart = ({ open, why }: Extract<Decision, { readonly tag: 'open' }>, segment: Interval): Finding => {
  const part = around0(open, segment)
  return part === undefined ? { tag: 'open', why } : { tag: 'proved on a segment', segment: part, why }
}
export const around0 = (open: readonly Interval[], [from, to]: Interval): Interval | undefined => {
  const low = Math.max(from, ...open.flatMap(([a, b]) => (a < 0 ? [nearer(a, b)] : [])))
  const high = Math.min(to, ...open.flatMap(([a, b]) => (b > 0 ? [nearer(b, a)] : [])))
  const blind = open.some(([a, b]) => (a < 0 && b > 0) || (a === 0 && b === 0 && from < 0))
  return blind || high <= 0 || (from < 0 && low >= 0) ? undefined : [low, high]
}
/** The end of a box that is nearer to 0; of a point, a little nearer still. */
const nearer = (far: number, near: number): number => (far === near ? near * (1 - 2 ** -40) : near)

export const short = (x: number): string => (Number.isFinite(x) ? `${Number(x.toPrecision(4))}`.replaceAll('-', '−') : x > 0 ? '∞' : '−∞')
/** '[−709.8, ∞)'. */
export const showSegment = ([low, high]: Interval): string =>
  `${low === -Infinity ? '(' : '['}${short(low)}, ${short(high)}${high === Infinity ? ')' : ']'}`
