/** What a run trains on, and what it is measured on: rows of files, as the tokens that the loss asks for. */
import type { Needs } from '../../halos/index.ts'
import type { TrainingExample } from '../../models/index.ts'
import { repetitionsIn } from '../../models/internal.ts'
import type { Checkpoint } from '../inputs/checkpoint.ts'
import { type Control, controlOf, usualControl } from '../inputs/control.ts'
import { examplesFor, holdOut, type Located, readingFor, readLocated } from '../inputs/examples.ts'
import { reading } from '../inputs/options.ts'
import { repetitionWarnings } from '../inputs/repetitions.ts'
import { heldOut, type TrainingCommandOptions } from '../inputs/training-options.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { within } from './lengths.ts'

export interface RunData {
  readonly training: readonly TrainingExample[]
  readonly heldOut: readonly TrainingExample[]
  /** Rows that say the opposite of others. */
  readonly contradictions: number
  /** What ends the prompts, where the loss has them end so. */
  readonly control?: Control
}

/** Conversations are written as the model's chat template has them, if it has one. @throws FileError, DataError, UsageError */
export const readData = async (
  { say }: Terminal,
  needs: Needs,
  { model, tokenizer, control: before }: Checkpoint,
  options: TrainingCommandOptions,
): Promise<RunData> => {
  const { data: file, eval: chosen, maxLength = model.config.context, truncate, seed, control: asked = [] } = options
  const longest = Math.min(maxLength, model.config.context)
  const spare = heldOut(chosen)
  const spareFile = 'file' in spare ? spare.file : file
  const control = controlOf(asked) ?? before ?? usualControl
  const how = { ...readingFor(tokenizer, longest, truncate), ...reading(options) }
  const rows = await readLocated(file, how, say)
  const places = rows.map(({ origin }) => origin)
  const repeated = repetitionsIn(rows, places)
  for (const warning of repetitionWarnings(repeated)) say(warning)
  const split = 'file' in spare ? { training: rows, heldOut: await readLocated(spareFile, how, say) } : holdOut(rows, spare.fraction, seed)
  const made = (located: readonly Located[], from: string) =>
    within(say, examplesFor(needs, located, from, tokenizer, control), longest, truncate, from)
  const contradictions = repeated.contradictions.reduce((n, group) => n + group.length, 0)
  return {
    ...{ training: inOrder(made(split.training, file), options.curriculum), heldOut: made(split.heldOut, spareFile), contradictions },
    ...(needs.control && { control }),
  }
}

/** By weight, where that is asked for; examples of one weight stay in their order. */
const inOrder = (examples: readonly TrainingExample[], order: TrainingCommandOptions['curriculum']): readonly TrainingExample[] => {
  const sign = order === 'heaviest-first' ? -1 : 1
  return order === undefined ? examples : examples.toSorted((a, b) => sign * ((a.weight ?? 1) - (b.weight ?? 1)))
}
