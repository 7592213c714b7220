/**
 * What a record says of an answer: good, bad, a score, a better answer; or nothing. Absent is not negative, and a draw is no verdict.
 *
 *     (label | score | unknown)? and correction?
 */
import type { Json } from '../../io/fields.ts'
import { fieldOf } from './fields.ts'
import type { Mapping } from './mapping.ts'
import { isSilent, judge } from './values.ts'

export interface Verdict {
  readonly label?: boolean
  /** A number that is on neither side of the scale. */
  readonly score?: number
  /** What was found, where it is neither good nor bad nor a number. */
  readonly unknown?: unknown
  /** An answer that is better than the one judged. */
  readonly correction?: unknown
  /** Other answers that were compared with it. */
  readonly rivals?: readonly unknown[]
  /** As it stands in the file. */
  readonly raw?: unknown
  /** Nobody gave a scale: it is read by the common ways to say it. */
  readonly common?: boolean
  readonly columns: Json
  readonly place: string
}

/** Whether anything was said. */
export const isRated = ({ label, score, unknown, correction }: Verdict): boolean =>
  label !== undefined || score !== undefined || unknown !== undefined || correction !== undefined

export const verdictIn = (mapping: Mapping, record: Json, place: string): Verdict => {
  const [raw, correction, rivals] = [mapping.verdict, mapping.correction, mapping.rivals].map((field) => fieldOf(field, record))
  const corrected = correction === undefined || correction === '' ? {} : { correction }
  const compared = Array.isArray(rivals) && rivals.length > 0 ? { rivals } : {}
  return { ...said(raw, mapping), ...corrected, ...compared, columns: columnsOf(mapping, record), place }
}

const said = (raw: unknown, scale: Mapping): Pick<Verdict, 'label' | 'score' | 'unknown' | 'raw' | 'common'> => {
  if (isSilent(raw)) return {}
  const label = judge(raw, scale)
  const thresholds = [...(scale.good ?? []), ...(scale.bad ?? [])].length
  const found = { raw, common: thresholds === 0 }
  if (label !== undefined) return { label, ...found }
  const number = typeof raw === 'string' ? Number(raw) : raw
  return typeof number === 'number' && Number.isFinite(number) && thresholds === 0
    ? { score: number, ...found }
    : { unknown: raw, ...found }
}

export const columnsOf = ({ columns = {} }: Mapping, record: Json): Json =>
  Object.fromEntries(
    Object.entries(columns)
      .map(([name, field]) => [name, fieldOf(field, record)] as const)
      .filter(([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)),
  )
