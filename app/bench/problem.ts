/**
 * A training problem on disk, the same for every contestant: initial weights as a GPT-2 checkpoint (`model.safetensors`, Hugging Face's names),
 * batches of tokens (`tokens.i32`: batches × texts × (context + 1)), and sizes (`problem.json`). Made from a seed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reference } from '../../backends/index.ts'
import { type Tensor, tensor } from '../../core/index.ts'
import { draw, stream } from '../../core/internal.ts'
import { fromWeights, initialize, type Parameters, readWeights, toWeights, writeWeights } from '../../models/index.ts'
import { type Configuration, hyper } from './configurations.ts'

export interface Problem {
  readonly configuration: Configuration
  readonly parameters: Parameters
  /** Step i trains on batch i, and starts over after the last. */
  readonly batches: readonly BenchBatch[]
}
export interface BenchBatch {
  readonly tokens: Tensor<'batch' | 'seq'>
  readonly targets: Tensor<'batch' | 'seq'>
}

const count = 64

/** @param seed an integer below 2²⁴ */
export const writeProblem = async (directory: string, configuration: Configuration, seed: number): Promise<void> => {
  await mkdir(directory, { recursive: true })
  const { model } = configuration
  await writeWeights(join(directory, 'model.safetensors'), await toWeights(reference(), model, initialize(model, seed)))
  await writeFile(join(directory, 'tokens.i32'), new Uint8Array(walk(configuration, seed).buffer))
  await writeFile(join(directory, 'problem.json'), JSON.stringify({ configuration, hyper, batches: count }))
}

export const readProblem = async (directory: string): Promise<Problem> => {
  const { configuration } = JSON.parse(await readFile(join(directory, 'problem.json'), 'utf8')) as { configuration: Configuration } // our own file
  const { batch, model } = configuration
  const tokens = new Int32Array(Uint8Array.from(await readFile(join(directory, 'tokens.i32'))).buffer)
  const line = model.context + 1
  const rows = (index: number, from: number): Tensor<'batch' | 'seq'> => {
    const texts = Array.from({ length: batch }, (_, text) =>
      tokens.subarray((index * batch + text) * line + from).subarray(0, model.context),
    )
    return tensor({ batch, seq: model.context }, Float32Array.from(texts.flatMap((text) => [...text])))
  }
  return {
    configuration,
    parameters: fromWeights(model, await readWeights(directory), directory),
    batches: Array.from({ length: tokens.length / (batch * line) }, (_, i) => ({ tokens: rows(i, 0), targets: rows(i, 1) })),
  }
}

/** Texts that can be learned, but not at once: every token has four possible successors. */
export const walk = ({ model, batch }: Configuration, seed: number): Int32Array<ArrayBuffer> => {
  const { vocab, context } = model
  const choose = (salt: number, options: number) => {
    const h = stream(seed, salt)
    return (i: number): number => Math.floor(draw(h, i) * options)
  }
  const [successor, start, choice] = [choose(1001, vocab), choose(1002, vocab), choose(1003, 4)]
  const tokens = new Int32Array(count * batch * (context + 1))
  for (let i = 0; i < tokens.length; i++) tokens[i] = i % (context + 1) === 0 ? start(i) : successor(4 * tokens[i - 1]! + choice(i))
  return tokens
}
