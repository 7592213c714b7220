/** The verdicts on a catalogue, as a table: what each loss is, for which settings at once that is proved, in how many boxes; or its witness. */
import type { LossFamily } from './family.ts'
import type { Condition } from './findings.ts'
import { settingRanges, showRanges } from './ranges.ts'
import { getOrThrow } from './validation.ts'
import { type HaloVerdict, verify } from './verify.ts'

export interface Ruling {
  readonly key: string
  readonly verdict: HaloVerdict
  /** For which settings at once it is proved: 'β > 0, κ ≥ 0'. Absent where nothing was to be proved, or at its own settings alone. */
  readonly settings?: string
  /** For which of its settings a stated loss is a HALO, and for which it is not: 'refuted for ε in (0, 0.5]'. */
  readonly ranges?: string
  /** The boxes of all its proofs. */
  readonly boxes: number
  /** What refutes it, or keeps it from being proved; where the reward that is computed is flat. */
  readonly because?: string
  /** Settings at which the verdict is another: those that switch something on. */
  readonly otherwise: readonly { readonly setting: string; readonly verdict: HaloVerdict; readonly because?: string }[]
}

const reasonOf = (conditions: readonly Condition[]): string | undefined =>
  conditions.flatMap(({ finding }): readonly string[] => {
    switch (finding.tag) {
      case 'refuted':
        return [finding.witness]
      case 'open':
      case 'proved on a segment':
        return [finding.why]
      case 'proved':
        return finding.flat === undefined ? [] : [finding.flat]
      default:
        return []
    }
  })[0]

/** What is said of one family of losses, at its defaults and with what is 0 there set to 0.1. */
export const rulingOf = (family: LossFamily): Ruling => {
  const loss = getOrThrow(family())
  const { verdict, conditions } = verify(loss)
  const ranges = loss.kind === 'stated' ? showRanges(settingRanges(loss)) : ''
  const proofs = conditions.flatMap(({ finding }) => (finding.tag === 'proved' ? [finding] : []))
  const settings = [...new Set(proofs.flatMap((proof) => proof.settings?.split(', ') ?? []))].join(', ')
  const because = reasonOf(conditions)
  const switches = Object.entries(family.defaults).filter(([, value]) => value === 0)
  return {
    ...{ key: family.key, verdict, boxes: proofs.reduce((n, { boxes }) => n + boxes, 0) },
    ...(settings !== '' && { settings }),
    ...(ranges !== '' && { ranges }),
    ...(because !== undefined && { because }),
    otherwise: switches.flatMap(([name]) => {
      const made = family({ [name]: 0.1 })
      if (made._tag === 'Left') return []
      const report = verify(made.right)
      const reason = reasonOf(report.conditions)
      return report.verdict === verdict
        ? []
        : [{ setting: `${name} = 0.1`, verdict: report.verdict, ...(reason !== undefined && { because: reason }) }]
    }),
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
/** In Markdown. */
export const tableOfVerdicts = (rulings: readonly Ruling[]): string =>
  [
    '| loss | verdict | for all | boxes | because |',
    '|---|---|---|---|---|',
    ...rulings.flatMap(({ key, verdict, ranges = '', settings = ranges, boxes, because = '', otherwise }) => [
      `| ${[key, verdict, settings, boxes === 0 ? '' : `${boxes}`, because].map(cell).join(' | ')} |`,
      ...otherwise.map((one) => `| ${[`${key}, ${one.setting}`, one.verdict, '', '', one.because ?? ''].map(cell).join(' | ')} |`),
    ]),
  ].join('\n')
