/** Transformers of both families, small enough to be differentiated by hand, and what tests ask of them. */
import { deepStrictEqual } from 'node:assert/strict'
import { reference } from '../../backends/index.ts'
import { type AnyTensor, leaves, read, type Tensor, tensor } from '../../core/index.ts'
import { initialize, type ModelConfig, type Parameters, type TrainingExample } from '../../models/index.ts'

const llama: ModelConfig = {
  family: 'llama',
  vocab: 11,
  context: 16,
  embed: 8,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 4,
  hidden: 12,
  activation: 'silu',
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  rotation: 'half',
  tied: false,
}
const gpt2: ModelConfig = { ...llama, family: 'gpt2', keyValueHeads: 4, headSize: 2, activation: 'geluTanh', tied: true }

/** Weights are large, so that attention is not uniform and mistakes show. */
export const tiny: readonly { readonly name: string; readonly config: ModelConfig; readonly parameters: Parameters }[] = [llama, gpt2].map(
  (config) => ({ name: config.family, config, parameters: initialize(config, 7, 0.4) }),
)

export const backend = reference()

/** The numbers of a tensor in float64. */
export const numbers = async (x: AnyTensor): Promise<readonly number[]> => [...(await read(backend, x as Tensor<string>))]

export const tokens = (rows: readonly (readonly number[])[]): Tensor<'batch' | 'seq'> =>
  tensor({ batch: rows.length, seq: rows[0]!.length }, rows.flat())

/** The same numbers, but for rounding. */
export const close = (found: readonly number[], expected: readonly number[], tolerance: number, what = 'numbers'): void => {
  deepStrictEqual(found.length, expected.length, `${what}: as many`)
  found.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= tolerance * Math.max(1, Math.abs(expected[i]!))))
      throw new Error(`${what}: number ${i} is ${x}, expected ${expected[i]} within ${tolerance}`)
  })
}

/** Every number of a tree, in one list: of each tensor in the alphabetical order of its axes, since a checkpoint may keep them in another. */
export const flat = async (tree: unknown): Promise<readonly number[]> => {
  const sorted = async (x: AnyTensor) => {
    const on = x.op.tag === 'device' ? x.op.backend : backend
    return [...(await read(on, x as Tensor<string>, ...Object.keys(x.shape).sort()))]
  }
  return (await Promise.all(leaves(tree).map(sorted))).flat()
}

const text = (i: number, k: number) => ({ prompt: [1, 2 + (i % 5)], completion: [3 + k, 4 + ((i * k) % 6), 2] })
/** Sixteen little preferences, and the same as judgements. */
export const pairs: readonly TrainingExample[] = Array.from({ length: 16 }, (_, i) => ({ chosen: text(i, 1), rejected: text(i, 2) }))
export const judged: readonly TrainingExample[] = Array.from({ length: 16 }, (_, i) => ({
  outcome: text(i, i % 2 === 0 ? 1 : 2),
  label: i % 2 === 0,
}))
