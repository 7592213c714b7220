/**
 * An alignment problem on disk, the same for every contestant: a model directory with random weights in bf16, rows of tokens of which the second half is
 * the completion (`tokens.i32`: texts × length), and what is done with them (`problem.json`). Texts i with even i are desirable. Made from a seed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reference } from '../../backends/index.ts'
import { draw, stream } from '../../core/internal.ts'
import { initialize, modelFiles, type TrainingExample, toWeights, usualTargets, writeDirectoryAtomically } from '../../models/index.ts'
import { type ShapeName, shapeConfig } from './shapes.ts'

/** How much is aligned, and how. */
export interface AlignSetting {
  readonly shape: ShapeName
  readonly batch: number
  /** Tokens of a text. */
  readonly length: number
  /** Rank of adapters; without it, all weights are trained. */
  readonly rank?: number
  readonly frozen?: 'bf16' | 'int8'
  readonly recompute: boolean
  readonly small: boolean
}

/** What `problem.json` says. */
export interface AlignProblem {
  readonly setting: AlignSetting
  readonly texts: number
  readonly alpha: number
  readonly targets: readonly string[]
  readonly beta: number
  readonly rate: number
}

/** Steps for which there are fresh texts: the reference model reads every text once. */
const steps = 64

export const writeAlignProblem = async (directory: string, setting: AlignSetting, seed: number): Promise<void> => {
  await mkdir(directory, { recursive: true })
  const config = shapeConfig(setting.shape, setting.small)
  await writeModel(directory, setting, seed)
  const texts = steps * setting.batch
  const h = stream(seed, 77)
  const tokens = Int32Array.from({ length: texts * setting.length }, (_, i) => Math.floor(draw(h, i) * config.vocab))
  await writeFile(join(directory, 'tokens.i32'), new Uint8Array(tokens.buffer))
  const rank = setting.rank ?? 0
  const problem: AlignProblem = { setting, texts, alpha: 2 * rank, targets: usualTargets(config), beta: 0.1, rate: 2e-4 }
  await writeFile(join(directory, 'problem.json'), JSON.stringify(problem))
}

/** A model directory of a shape, without a tokenizer. */
export const writeModel = async (
  directory: string,
  { shape, small }: Pick<AlignSetting, 'shape' | 'small'>,
  seed: number,
): Promise<void> => {
  const config = shapeConfig(shape, small)
  const tensors = await toWeights(reference(), config, initialize(config, seed))
  await writeDirectoryAtomically(directory, modelFiles(config, tensors, { dtype: 'BF16' }))
}

export const readAlignProblem = async (
  directory: string,
): Promise<{ readonly problem: AlignProblem; readonly examples: readonly TrainingExample[] }> => {
  const problem = JSON.parse(await readFile(join(directory, 'problem.json'), 'utf8')) as AlignProblem // our own file
  const tokens = new Int32Array(Uint8Array.from(await readFile(join(directory, 'tokens.i32'))).buffer)
  const { length } = problem.setting
  const half = length / 2
  const examples = Array.from({ length: problem.texts }, (_, i) => {
    const text = [...tokens.subarray(i * length, (i + 1) * length)]
    return { outcome: { prompt: text.slice(0, half), completion: text.slice(half) }, label: i % 2 === 0 }
  })
  return { problem, examples }
}
