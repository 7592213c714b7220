/** Rows that say what others say, or the opposite. Two people may well disagree; a loss learns nothing from them. */
import { createHash } from 'node:crypto'
import type { Row } from './rows.ts'

/** By the places that rows are given with: lines of a file, for example. */
export interface Repetitions<L> {
  /** Rows that say the same, in groups. */
  readonly duplicates: readonly (readonly L[])[]
  /** Rows that say opposite things of the same completions, in groups. */
  readonly contradictions: readonly (readonly L[])[]
  /** Pairs whose two completions are the same. */
  readonly indifferent: readonly L[]
}

export const repetitionsIn = <L>(rows: readonly Row[], places: readonly L[]): Repetitions<L> => {
  const repeated = repetitions<L>()
  for (const [i, row] of rows.entries()) repeated.add(row, places[i]!)
  return repeated.found()
}

/** The same, of rows that come one after another. Of a row a digest is kept, its place, and which way it judges. */
export const repetitions = <L>() => {
  const [places, verdicts, indifferent]: [L[], boolean[], L[]] = [[], [], []]
  /** Positions of rows that judge the same, by its digest. Most are alone. */
  const seen = new Map<string, number | number[]>()
  const placed = (groups: readonly (readonly number[])[]) => groups.map((group) => group.map((i) => places[i]!))
  return {
    add: (row: Row, place: L): void => {
      const [position, key] = [places.push(place) - 1, digest(subjectOf(row))]
      verdicts.push(verdictOf(row))
      const before = seen.get(key)
      if (before === undefined) seen.set(key, position)
      else if (typeof before === 'number') seen.set(key, [before, position])
      else before.push(position)
      if (row.tag === 'paired' && row.chosen === row.rejected) indifferent.push(place)
    },
    found: (): Repetitions<L> => {
      const together: (readonly number[])[] = []
      for (const positions of seen.values()) if (typeof positions !== 'number') together.push(positions)
      const alike = together.flatMap((group) => [true, false].map((verdict) => group.filter((i) => verdicts[i] === verdict)))
      const contrary = together.filter((group) => group.some((i) => verdicts[i] !== verdicts[group[0]!]))
      return {
        duplicates: placed(alike.filter(({ length }) => length > 1).sort(([a], [b]) => a! - b!)),
        contradictions: placed(contrary),
        indifferent,
      }
    },
  }
}

/** Keys are short, however long rows are. */
export const digest = (parts: readonly string[]): string => createHash('sha1').update(JSON.stringify(parts)).digest('binary')

/** What a row judges, whichever way. */
const subjectOf = (row: Row): readonly string[] => {
  switch (row.tag) {
    case 'labelled':
    case 'demonstration':
      return [row.prompt, row.completion]
    case 'paired':
      return [row.prompt, ...[row.chosen, row.rejected].sort()]
    case 'text':
      return [row.text]
  }
}

/** Which way: two rows that judge the same alike say the same, however much they count. */
const verdictOf = (row: Row): boolean => (row.tag === 'labelled' ? row.label : row.tag === 'paired' ? row.chosen < row.rejected : true)
