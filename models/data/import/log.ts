/** What became of the answers of an import, and what makes it fail at its end: then nothing is written. */
import { DataError, type InputFinding, show, throwAll } from '../../io/errors.ts'
import type { Json } from '../../io/fields.ts'
import type { Balance } from '../balance.ts'
import type { Unmet } from './join.ts'
import type { Reading, Written } from './making.ts'
import { isRated, type Verdict } from './verdicts.ts'

export interface ImportSummary extends Balance {
  /** Answers in the files; those that somebody judged; and the rows that these made. */
  readonly found: number
  readonly rated: number
  readonly rows: number
  readonly as?: Reading
  /** Reasons why rated answers made no row, and their places. */
  readonly dropped: Readonly<Record<string, readonly string[]>>
  /** Malformed records that were skipped. */
  readonly skipped: readonly string[]
  /** Rows whose completion holds what a model thought before it answered. */
  readonly reasoning: number
}

export type ImportLog = ReturnType<typeof importLog>

export const importLog = (where: Readonly<Record<string, string>> = {}) => {
  const [dropped, names, findings] = [new Map<string, string[]>(), new Map<string, number>(), new Map<string, InputFinding>()]
  const skipped = new Set<string>()
  const counts = { found: 0, rated: 0, rows: 0, desirable: 0, undesirable: 0, reasoning: 0 }
  const [numbers, scale]: [number[], { zero?: string; minus?: string }] = [[], {}]
  let scored = false
  let as: Reading | undefined
  const drop = (reason: string, place: string): void => {
    const places = dropped.get(reason)
    if (places === undefined) dropped.set(reason, [place])
    else places.push(place)
  }
  return {
    drop,
    malformed: (finding: InputFinding, place: string, skip: boolean): void =>
      void (skip ? skipped.add(place) : findings.set(place, finding)),
    answer: (rated: boolean): void => {
      counts.found++
      if (rated) counts.rated++
    },
    /** The reading of all rows: what the first one suggests. */
    reading: (said: Json, verdict: Verdict | undefined): Reading => {
      as ??= verdict !== undefined && isRated(verdict) ? 'labels' : 'chosen' in said ? 'pairs' : 'demonstrations'
      return as
    },
    /** What a verdict tells of all of them: their names, the ends of their scale. */
    heard: (verdict: Verdict | undefined, reading: Reading): void => {
      as ??= reading
      const name = verdict?.columns.name
      if (typeof name === 'string') names.set(name, (names.get(name) ?? 0) + 1)
      if (verdict?.common !== false && Number.isFinite(verdict?.raw) && reading !== 'pairs') numbers.push(Number(verdict?.raw))
      if (verdict?.score !== undefined && reading !== 'pairs') scored = true
      if (verdict?.common && Number(verdict.raw) === 0) scale.zero ??= verdict.place
      if (verdict?.common && Number(verdict.raw) === -1) scale.minus ??= verdict.place
    },
    row: (row: Written): Written => {
      counts.rows++
      if (row.label === true || 'chosen' in row) counts.desirable++
      if (row.label === false || 'chosen' in row) counts.undesirable++
      if (/<think|<details type=\\?"reasoning/.test(JSON.stringify(row.completion ?? row.chosen ?? ''))) counts.reasoning++
      return row
    },
    /** @throws DataError where the rows would not mean what somebody said */
    close: (files: readonly string[], unmet: Unmet | undefined): void => {
      throwAll(DataError, [...findings.values()])
      const file = files.join(', ')
      for (const [, { place }] of unmet?.verdicts ?? []) drop('no text with the id of the verdict', place)
      const wrong =
        (counts.rows === 0 && unmet !== undefined ? apart(unmet) : undefined) ??
        severalNames(names, where) ??
        (scored ? unthresholded(numbers) : undefined) ??
        twoScales(scale) ??
        (counts.rows === 0 ? nothing(counts, dropped) : undefined)
      if (wrong !== undefined) throw new DataError({ file, ...wrong })
    },
    summary: (): ImportSummary => ({ ...counts, ...(as && { as }), dropped: Object.fromEntries(dropped), skipped: [...skipped] }),
  }
}

type Wrong = Omit<InputFinding, 'file' | 'line'>

const apart = ({ verdicts, texts }: Unmet): Wrong | undefined => {
  const [first] = verdicts
  if (first === undefined) return undefined
  const mine = `${verdicts.length} verdicts, the first on ${show(first[0])}`
  return texts.length === 0
    ? {
        expected: 'verdicts and the texts that they are about',
        found: `${mine}, and no texts`,
        advice: 'Give both files: the one with verdicts, and the one with messages or traces.',
      }
    : {
        expected: 'verdicts whose ids are those of texts',
        found: `${mine}, and texts such as ${texts.map(show).join(', ')}`,
        advice:
          'Export both of the same time and project; or say where the ids are: --about PATH (of the verdict), --id PATH (of the text).',
      }
}

const severalNames = (names: ReadonlyMap<string, number>, { name }: Readonly<Record<string, string>>): Wrong | undefined =>
  names.size < 2 || name !== undefined
    ? undefined
    : {
        expected: 'verdicts of one name',
        found: [...names].map(([each, n]) => `${each} (${n})`).join(', '),
        advice: `Choose one: --where name=${[...names.keys()][0]}.`,
      }

const unthresholded = (scores: readonly number[]): Wrong => {
  const [least, most] = scores.reduce(
    ([a, b], score) => [Math.min(a, score), Math.max(b, score)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  return {
    expected: 'verdicts, or scores with a threshold',
    found: `${scores.length} scores from ${least} to ${most}`,
    advice: `Say which are good and which are bad: --good '>=${most}' --bad '<=${least}'; or compare the answers to each prompt, the best with the worst: --as pairs.`,
  }
}

const twoScales = ({ zero, minus }: { readonly zero?: string; readonly minus?: string }): Wrong | undefined =>
  zero === undefined || minus === undefined
    ? undefined
    : {
        expected: 'verdicts of one scale: 1 and 0, or 1 and -1',
        found: `0 (${zero}) and -1 (${minus})`,
        advice: 'Say what they mean: --good 1 --bad -1 (0 is a draw), or --bad 0,-1.',
      }

const nothing = (
  { found, rated }: { readonly found: number; readonly rated: number },
  dropped: ReadonlyMap<string, readonly string[]>,
): Wrong => {
  const reasons = [...dropped].map(([reason, places]) => `${places.length} dropped (${reason})`)
  return {
    expected: 'at least one rated answer',
    found: [`${found} answers`, `${rated} rated`, ...reasons].join(', '),
    advice: 'Check that this is the export with ratings, and what --verdict, --good and --bad say.',
  }
}
