/** Warnings about rows that repeat or contradict others, of `halograd data check` and of every run. */
import type { Repetitions } from '../../models/internal.ts'

type LinePlace = string | number

/** So many are named. */
const named = 5
export const some = (places: readonly LinePlace[]): string => places.slice(0, named).join(', ') + (places.length > named ? ', …' : '')

export const repetitionWarnings = ({ duplicates, contradictions, indifferent }: Repetitions<LinePlace>): readonly string[] => [
  ...groups('say the same', duplicates),
  ...groups('contradict each other', contradictions),
  ...(indifferent.length === 0 ? [] : [`warning: ${indifferent.length} pairs of the same completion twice: ${some(indifferent)}`]),
]

const groups = (relation: string, found: readonly (readonly LinePlace[])[]): readonly string[] => {
  const rows = found.reduce((n, group) => n + group.length, 0)
  return rows === 0 ? [] : [`warning: ${rows} lines ${relation}: ${some(found.map((group) => group.join(' = ')))}`]
}
