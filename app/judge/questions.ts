/** What is asked: the prompts of a data file, each once, with the completion that its human liked. */
import { asDemonstrations, DataError, type Row, shuffle } from '../../models/index.ts'
import { holdOut } from '../inputs/examples.ts'

export interface JudgeQuestion {
  /** Its row in the file. */
  readonly row: number
  readonly prompt: string
  /** The SFT target: the chosen, desirable or shown completion. */
  readonly target?: string
}

export interface QuestionSelection {
  /** Only prompts that have a target. */
  readonly answered: boolean
  /** Only what training with this seed holds out as this fraction (`--eval`). Default: the whole file. */
  readonly heldOut?: number
  /** The largest number, drawn by the seed. Default: all. */
  readonly limit?: number
  readonly seed: number
}

/** The questions in the order of the file. @throws DataError when there is none */
export const questionsOf = (
  rows: readonly Row[],
  file: string,
  { answered, heldOut, limit, seed }: QuestionSelection,
): readonly JudgeQuestion[] => {
  const spared = new Set(heldOut === undefined ? rows : holdOut(rows, heldOut, seed).heldOut)
  const found = new Map<string, JudgeQuestion>()
  for (const [i, row] of rows.entries()) {
    if (row.tag === 'text')
      throw new DataError({
        file,
        expected: 'rows with prompts',
        found: 'plain texts',
        advice: 'Give lines {"prompt", "completion"}, with or without "label", or {"prompt", "chosen", "rejected"}.',
      })
    const target = asDemonstrations([row])[0]?.completion
    const before = found.get(row.prompt)
    if (spared.has(row) && (before === undefined || (before.target === undefined && target !== undefined)))
      found.set(row.prompt, { row: before?.row ?? i, prompt: row.prompt, ...(target === undefined ? {} : { target }) })
  }
  const questions = [...found.values()].filter(({ target }) => target !== undefined || !answered)
  if (questions.length === 0)
    throw new DataError({
      file,
      expected: answered ? 'at least one chosen or desirable completion' : 'at least one prompt',
      found: 'none',
      advice: answered ? 'Compare with another model (--against DIR), or give data with completions to beat.' : 'Check the path.',
    })
  const drawn = new Set(limit === undefined ? questions : shuffle(questions, seed).slice(0, limit))
  return questions.filter((question) => drawn.has(question))
}
