/** Losses for people to read: a citation, the lines of a report, the points of a plot. */
import { derivative, type Interval, numbers, type Unary } from '../core/index.ts'
import type { Finding } from './conditions.ts'
import type { Family } from './family.ts'
import type { AnyLoss } from './loss.ts'
import type { Profile } from './profile.ts'
import { isHalo, isStated, isView, type Report } from './verify.ts'

/** The family of this name, or of this name in another library; capitals do not matter. */
export const find = (families: readonly Family[], name: string): Family | undefined => {
  const wanted = name.toLowerCase()
  return families.find(({ key, aliases }) => [key, ...aliases].some((known) => known.toLowerCase() === wanted))
}

/** BibTeX. */
export const cite = ({ source: { key, title, authors, year, arxiv } }: AnyLoss): string =>
  [
    `@misc{${key},`,
    `  title = {${title}},`,
    ...(authors.length === 0 ? [] : [`  author = {${authors.join(' and ')}},`]),
    ...(year === undefined ? [] : [`  year = {${year}},`]),
    ...(arxiv === undefined ? [] : [`  eprint = {${arxiv}},`, '  archivePrefix = {arXiv},']),
    '}',
  ].join('\n')

const short = (x: number): string => (Number.isFinite(x) ? `${Number(x.toPrecision(4))}`.replace('-', '−') : x > 0 ? '∞' : '−∞')
const segmentOf = ([low, high]: Interval): string =>
  `${low === -Infinity ? '(' : '['}${short(low)}, ${short(high)}${high === Infinity ? ')' : ']'}`

/** One finding in one line: "proved on (−∞, ∞) in 1 box". */
export const explainFinding = (finding: Finding): string => {
  switch (finding.tag) {
    case 'proved': {
      const { segment, boxes, beyond } = finding
      return `proved on ${segmentOf(segment)} in ${boxes} box${boxes === 1 ? '' : 'es'}${beyond === undefined ? '' : `; ${beyond}`}`
    }
    case 'by construction':
      return `by construction: ${finding.why}`
    case 'tested':
      return `tested in ${finding.cases} cases (seed ${finding.seed}): ${finding.what}`
    case 'refuted':
      return `refuted: ${finding.witness}`
    case 'open':
      return `open: ${finding.why}`
  }
}
/** A report as lines of text. */
export const describe = ({ name, verdict, parts, conditions, profile }: Report): readonly string[] => [
  `${name}: ${verdict}`,
  ...Object.entries(parts).map(([part, what]) => `  ${part}: ${what}`),
  ...conditions.map((condition) => `  ${condition.name}: ${explainFinding(condition.finding)}`),
  ...(profile === undefined ? [] : profileLines(profile)),
]

const attitudes: { readonly [A in Profile['lossAversion']]: string } = {
  averse: 'losses loom larger than gains',
  symmetric: 'losses and gains weigh alike',
  seeking: 'gains loom larger than losses',
  mixed: 'whether losses or gains loom larger depends on their size',
}
const profileLines = ({ slopes, lossAversion, saturation, margin, bounded }: Profile): readonly string[] => {
  const from = (z: number | undefined): string => (z === undefined ? 'never' : `from z = ${short(z)}`)
  const bounds = { true: { true: 'bounded', false: 'bounded below' }, false: { true: 'bounded above', false: 'unbounded' } } as const
  return [
    `  slope: ${short(slopes.losses)} far down, ${short(slopes.zero)} at 0, ${short(slopes.gains)} far up: ${attitudes[lossAversion]}`,
    `  saturates (slope under 1 % of its peak): on losses ${from(saturation.losses)}, on gains ${from(saturation.gains)}`,
    `  ${bounds[`${bounded.below}`][`${bounded.above}`]}${margin === undefined ? '' : `; nothing to gain beyond a margin of ${short(margin)}`}`,
  ]
}

export type Curve = 'value' | 'slope' | 'gradient' | 'utility'
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [z: number, y: number])[]
}
/** What a loss makes of z: its value function, or the negated loss where there is none. */
const utilityOf = (loss: AnyLoss): Unary | undefined => {
  if (isView(loss)) return utilityOf(loss.through)
  if (isHalo(loss)) return loss.value.body
  if (!isStated(loss) || loss.formula?.reward === undefined) return undefined
  const { body } = loss.formula
  return (S) => (z) => S.mul(S.of(-1), body(S)(z, S.of(0)))
}
/**
 * Points of a curve over z ∈ [from, to]: `value` v, `slope` v′, `gradient` |∂L/∂r| of a desirable example, `utility` v − v(0), the
 * human utility that a loss implies (KTO paper, Figure 2). Absent for losses that are no function of a margin.
 */
export const series = (loss: AnyLoss, curve: Curve, { from = -5, to = 5, points = 201 } = {}): Series | undefined => {
  const body = utilityOf(loss)
  if (body === undefined) return undefined
  const halo = isView(loss) ? loss.through : loss
  const [scale, tau] = isHalo(halo) ? [halo.t.desirable.scale, halo.temper.desirable] : [1, 1]
  const [v, slope] = [body(numbers), derivative(body)(numbers)]
  const y = (z: number): number => {
    switch (curve) {
      case 'value':
        return v(z)
      case 'slope':
        return slope(z)
      case 'gradient':
        return Math.abs(scale * tau * slope(tau * z))
      case 'utility':
        return v(z) - v(0)
    }
  }
  const at = Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1))
  return { name: loss.name, points: at.map((z) => [z, y(z)] as const) }
}
