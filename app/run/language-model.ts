/**
 * Pre-training on text: a tokenizer and a model of its own where none is given, and text packed into windows without gaps.
 *
 *     texts → tokens, an end after each text → windows of the context's length; the last of them are held out
 */
import { join } from 'node:path'
import { reference } from '../../backends/index.ts'
import {
  initialize,
  type ModelConfig,
  readText,
  type Tokenizer,
  type TrainingExample,
  tokenizerOf,
  trainBytePairs,
  writeDirectoryAtomically,
} from '../../models/index.ts'
import { exists } from '../../models/internal.ts'
import { loadCheckpoint, modelDirectory } from '../inputs/checkpoint.ts'
import { readLocated } from '../inputs/examples.ts'
import { exclusively } from '../inputs/lock.ts'
import { heldOut } from '../inputs/training-options.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { RunData } from './data.ts'
import type { RunResult } from './result.ts'
import { run } from './run.ts'
import type { Task } from './task.ts'

/** A model from nothing. */
export interface FreshModel {
  readonly vocabulary: number
  readonly context: number
  readonly embed: number
  readonly layers: number
  readonly heads: number
  readonly seed: number
}

const end = '<|endoftext|>'

/** The texts of a file: a .txt is one; of rows, prompt and completion together. @throws FileError, DataError */
export const textsOf = async ({ say }: Terminal, file: string): Promise<readonly string[]> => {
  if (/\.(txt|md)$/i.test(file)) return [await readText(file)]
  const rows = await readLocated(file, {}, say)
  return rows.map((row) => (row.tag === 'text' ? row.text : row.prompt + (row.tag === 'paired' ? row.chosen : row.completion)))
}

/** Writes a model with random weights and a tokenizer learnt from the texts, unless it is there. Returns its directory. @throws UsageError, FileError */
export const freshModel = async (terminal: Terminal, out: string, texts: readonly string[], fresh: FreshModel): Promise<string> => {
  const directory = join(out, 'start')
  if (await exists(join(directory, 'config.json'))) return directory
  const { vocabulary, context, embed, layers, heads, seed } = fresh
  if (embed % heads !== 0) throw new UsageError(`--embed ${embed}: expected a multiple of --heads ${heads}`)
  const { json, config } = trainBytePairs(texts.join('\n'), { vocabularySize: vocabulary, specialTokens: [end] })
  const tokenizer = tokenizerOf(json, { ...config, eos_token: end })
  const model: ModelConfig = {
    ...{ family: 'llama', vocab: tokenizer.vocabularySize, context, embed, layers, heads, keyValueHeads: heads, headSize: embed / heads },
    ...{ hidden: 4 * embed, activation: 'silu', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true },
    ...(tokenizer.eos !== undefined && { eos: tokenizer.eos }),
  }
  terminal.say(
    `a new model: ${layers} layers of ${embed}, context ${context}, a vocabulary of ${tokenizer.vocabularySize} learnt from the text`,
  )
  const parameters = initialize(model, seed)
  await writeDirectoryAtomically(directory, await modelDirectory(reference(), { config: model, parameters, tokenizer }))
  return directory
}

/** Trains on text, from the model that is given or from a new one. @throws UsageError, and as `run` */
export const preTrain = async (terminal: Terminal, task: Task, fresh: FreshModel): Promise<RunResult> => {
  const { data, out, eval: chosen, batch, maxLength, seed } = task.options
  const texts = await textsOf(terminal, data)
  const spare = heldOut(chosen)
  // Without --model the option is not there, whatever its type says.
  const given: string | undefined = task.options.model
  const model = given ?? (await exclusively(out, () => freshModel(terminal, out, texts, { ...fresh, seed })))
  const { tokenizer, model: network } = await loadCheckpoint(model, terminal.say)
  const length = Math.min(maxLength ?? network.config.context, network.config.context)
  const windows = packed(texts, tokenizer, length, 'file' in spare ? 0 : spare.fraction, batch)
  const apart = 'file' in spare ? { heldOut: packed(await textsOf(terminal, spare.file), tokenizer, length, 0, 1).training } : {}
  return run(terminal, { ...task, data: { ...windows, ...apart }, options: { ...task.options, model } })
}

/** @param spare the fraction that is held out, at the end of the text @throws UsageError where the text makes no batch */
export const packed = (texts: readonly string[], tokenizer: Tokenizer, length: number, spare: number, batch: number): RunData => {
  const tokens = texts.flatMap((text) => [...tokenizer.encode(text), ...(tokenizer.eos === undefined ? [] : [tokenizer.eos])])
  const windows = Array.from(
    { length: Math.floor(tokens.length / length) },
    (_, i): TrainingExample => ({ outcome: { prompt: [], completion: tokens.slice(i * length, (i + 1) * length) } }),
  )
  const held = spare === 0 ? 0 : Math.max(1, Math.round(windows.length * spare))
  const training = windows.slice(0, windows.length - held)
  if (training.length < batch)
    throw new UsageError(
      `--data: ${tokens.length} tokens make ${training.length} windows of ${length} to train on, fewer than a batch of ${batch}: bring more text, or a smaller --batch or --max-length`,
    )
  return { training, heldOut: windows.slice(windows.length - held), contradictions: 0 }
}
