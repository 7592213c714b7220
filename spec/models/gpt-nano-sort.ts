/** minGPT's sorting model (three layers, which put six letters of A, B, C in order), as a checkpoint of the GPT-2 family. */
import { readFile } from 'node:fs/promises'
import { initialize, type ModelConfig, type StoredTensor, toWeights, type Weights } from '../../models/index.ts'
import { shared } from '../shared.ts'
import { backend } from './tiny.ts'

interface Stored {
  readonly shape: readonly number[]
  readonly data: string
}
/** Tensors by name, of the model (`model`) or of its activations (`t0-partials`). */
export const readSort = async (name: string): Promise<(key: string) => StoredTensor> => {
  const json: Readonly<Record<string, Stored>> = JSON.parse(
    await readFile(shared(`models/gpt-nano-sort/gpt-nano-sort-${name}.json`)!, 'utf8'),
  )
  return (key) => {
    const { shape, data } = json[key]!
    return { name: key, dtype: 'F32', shape, data: new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer) }
  }
}
/** minGPT keeps matrices as [output, input]; Hugging Face's GPT-2, as [input, output]. */
const transposed = ({ shape: [rows = 1, columns = 1], data, ...rest }: StoredTensor): StoredTensor => ({
  ...rest,
  shape: [columns, rows],
  data: data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!),
})
export const sortConfig: ModelConfig = {
  family: 'gpt2',
  vocab: 3,
  context: 11,
  embed: 48,
  layers: 3,
  heads: 3,
  keyValueHeads: 3,
  headSize: 16,
  hidden: 192,
  activation: 'geluTanh',
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  rotation: 'half',
  tied: false,
}

export const sortWeights = async (): Promise<Weights> => {
  const stored = await readSort('model')
  const names = (await toWeights(backend, sortConfig, initialize(sortConfig, 0))).map(({ name }) => name)
  const read = (name: string) => (/(c_attn|c_proj|c_fc)\.weight/.test(name) ? transposed(stored(name)) : stored(name))
  return new Map(names.map((name) => [name, read(name)]))
}
