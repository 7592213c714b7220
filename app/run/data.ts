/** What a run trains on, and what it is measured on: rows of files, as the tokens that the loss asks for. */
import type { Needs } from '../../halos/index.ts'
import { chatOf, readRows, type TrainingExample } from '../../models/index.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { heldOut, type TrainingOptions } from '../cli/options.ts'
import { examplesFor, holdOut } from '../examples.ts'

export interface RunData {
  readonly training: readonly TrainingExample[]
  readonly heldOut: readonly TrainingExample[]
}

/** Conversations are written as the model's chat template has them, if it has one. @throws FileError, DataError, UsageError */
export const readData = async (needs: Needs, { model, tokenizer }: Checkpoint, options: TrainingOptions): Promise<RunData> => {
  const { data: file, eval: chosen, maxLength = model.config.context, seed } = options
  const longest = Math.min(maxLength, model.config.context)
  const spare = heldOut(chosen)
  const spareFile = 'file' in spare ? spare.file : file
  const chat = chatOf(tokenizer)
  const rows = await readRows(file, chat)
  const split = 'file' in spare ? { training: rows, heldOut: await readRows(spareFile, chat) } : holdOut(rows, spare.fraction, seed)
  return {
    training: examplesFor(needs, split.training, file, tokenizer, longest),
    heldOut: examplesFor(needs, split.heldOut, spareFile, tokenizer, longest),
  }
}
