/** Losses for people to read: their names, a citation, the lines of a report. */
import { type ColumnField, columnsOf, type EvidenceColumn, evidenceFields, type Needs } from './evidence.ts'
import type { LossFamily } from './family.ts'
import { type Finding, short, showSegment } from './findings.ts'
import type { AnyLoss } from './loss.ts'
import type { Profile } from './profile.ts'
import type { VerifyReport } from './verify.ts'

const spelt = (name: string): string => name.toLowerCase().replaceAll('_', '-')
/**
 * The family of this key, or of this name in another library (TRL's `loss_type`, trainers of HALOs and OpenRLHF). Neither capitals nor the
 * choice between `-` and `_` matter.
 * @returns the family, or undefined where none has the name
 * @example
 * ```ts
 * import { catalogue, find } from 'halograd/halos'
 * console.log(find(await catalogue(), 'KTOTrainer')?.key) // kto
 * ```
 */
export const find = (families: readonly LossFamily[], name: string): LossFamily | undefined =>
  families.find(({ key, aliases }) => [key, ...aliases].some((known) => spelt(known) === spelt(name)))

/**
 * The source of a loss as a BibTeX entry.
 * @example
 * ```ts
 * import { cite, getOrThrow, kto } from 'halograd/halos'
 * console.log(cite(getOrThrow(kto())).split('\n')[0]) // @misc{ethayarajh2024kto,
 * ```
 */
export const cite = ({ source: { key, title, authors, year, arxiv, journal } }: AnyLoss): string =>
  [
    `@${journal === undefined ? 'misc' : 'article'}{${key},`,
    `  title = {${title}},`,
    ...(authors.length === 0 ? [] : [`  author = {${authors.join(' and ')}},`]),
    ...(year === undefined ? [] : [`  year = {${year}},`]),
    ...(journal === undefined
      ? []
      : [`  journal = {${journal.name}},`, `  volume = {${journal.volume}},`, `  pages = {${journal.pages}},`]),
    ...(arxiv === undefined ? [] : [`  eprint = {${arxiv}},`, '  archivePrefix = {arXiv},']),
    '}',
  ].join('\n')

/** One finding in one line: "proved on (−∞, ∞) in 1 box, for all κ ≥ 0". */
export const explainFinding = (finding: Finding): string => {
  switch (finding.tag) {
    case 'proved': {
      const { segment, boxes, settings, flat } = finding
      const [all, but] = [settings === undefined ? '' : `, for all ${settings}`, flat === undefined ? '' : `; ${flat}`]
      return `proved on ${showSegment(segment)} in ${boxes} box${boxes === 1 ? '' : 'es'}${all}${but}`
    }
    case 'proved on a segment':
      return `proved on ${showSegment(finding.segment)} only: ${finding.why}`
    case 'by construction':
      return `by construction: ${finding.why}`
    case 'tested':
      return `tested in ${finding.cases} cases (seed ${finding.seed}): ${finding.what}`
    case 'refuted':
      return `refuted: ${finding.witness}`
    case 'degenerate':
      return `degenerate: ${finding.equality}`
    case 'open':
      return `open: ${finding.why}`
  }
}
/**
 * A report of `verify` as lines of text: the verdict, the parts, each condition with its finding, the profile of v.
 * @example
 * ```ts
 * import { describe, dpo, getOrThrow, verify } from 'halograd/halos'
 * console.log(describe(verify(getOrThrow(dpo())))[0]) // DPO: HALO
 * ```
 */
export const describe = ({ name, verdict, parts, conditions, profile }: VerifyReport): readonly string[] => [
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

/**
 * The feedback that a loss needs, in words.
 * @example
 * ```ts
 * import { getOrThrow, kto, learnsFrom } from 'halograd/halos'
 * console.log(learnsFrom(getOrThrow(kto()).needs)) // labels
 * ```
 */
export const learnsFrom = (needs: Needs): string => {
  const columns = columnsOf(needs).map(suffixOf).join('')
  if (needs.pair) return `pairs${columns}${needs.reward ? ', of a reward model' : ''}`
  if (needs.label) return `labels${columns}${needs.control ? ', told by a control token' : ''}`
  return `demonstrations${columns}`
}
const suffixOf = (column: EvidenceColumn): string => {
  const { suffix = '' }: ColumnField = evidenceFields[column]
  return suffix
}
