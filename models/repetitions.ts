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
  const saying = rows.map((row) => digest(partsOf(row)))
  const placed = (groups: readonly (readonly number[])[]) => groups.map((group) => group.map((i) => places[i]!))
  return {
    duplicates: placed(grouped(saying).filter((group) => group.length > 1)),
    contradictions: placed(
      grouped(rows.map((row) => digest(subjectOf(row)))).filter((group) => new Set(group.map((i) => saying[i])).size > 1),
    ),
    indifferent: places.filter((_, i) => isIndifferent(rows[i]!)),
  }
}

/** Positions that have one key, in groups. */
const grouped = (keys: readonly string[]): readonly (readonly number[])[] => {
  const groups = new Map<string, number[]>()
  for (const [i, key] of keys.entries()) {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [i])
    else group.push(i)
  }
  return [...groups.values()]
}

/** Keys are short, however long rows are. */
const digest = (parts: readonly unknown[]): string => createHash('sha1').update(JSON.stringify(parts)).digest('base64')

/** What a row says, however much it counts. */
const partsOf = (row: Row): readonly unknown[] => {
  switch (row.tag) {
    case 'labelled':
      return [row.prompt, row.completion, row.label]
    case 'paired':
      return [row.prompt, row.chosen, row.rejected]
    case 'demonstration':
      return [row.prompt, row.completion]
    case 'text':
      return [row.text]
  }
}

/** What a row judges, whichever way. */
const subjectOf = (row: Row): readonly unknown[] =>
  row.tag === 'labelled'
    ? [row.prompt, row.completion]
    : row.tag === 'paired'
      ? [row.prompt, ...[row.chosen, row.rejected].sort()]
      : partsOf(row)

const isIndifferent = (row: Row): boolean => row.tag === 'paired' && row.chosen === row.rejected
