/**
 * Weights that are not trained, kept narrow on the device: half or a quarter of the memory. Matrices only; gains and biases stay as they are, and so does
 * the matrix that logits are read by: a product reads float32, and a widened copy of the largest matrix would lie beside it when memory is at its peak.
 *
 *     bf16   the upper half of a float32, rounded to even           int8   W ≈ s · q,  q ∈ {−127, …, 127},  s = max |row| / 127, a scale for each row
 *
 * A row is one of the stored matrix. Dettmers et al. (2022), arXiv:2208.07339, §2.1. From a checkpoint in bf16, bf16 loses nothing.
 */
import { type AnyTensor, type Backend, evaluate, leaves, mapTree, mul, type Shape, type Tensor, tensor, volume } from '../../core/index.ts'
import { fetched, isHalf, keepNarrow, type Numbers, plain } from '../../core/internal.ts'
import { encode } from '../io/dtypes.ts'
import type { ModelConfig } from './config.ts'
import type { Parameters } from './layout.ts'
import type { ParameterSpec } from './parameter-spec.ts'
import { parametersBy } from './parameters.ts'
import { slotsOf } from './stored.ts'

/** How frozen weights are kept on the device: bfloat16 (2 bytes a weight), or int8 with a scale for each row (1 byte). */
export type FrozenFormat = 'bf16' | 'int8'

/** Smaller ones are not worth it. */
const least = 4096

/**
 * The parameters of a model on a device, to be read only: matrices narrow, gains and biases as they are. Tensors are uploaded one after the other,
 * so that no more than one is in memory beside them.
 * @param format `bf16` (2 bytes a weight) or `int8` (1 byte, and a float32 scale for each row)
 * @throws CheckpointError where the file of a tensor can no longer be read
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { initialize, keepFrozen, parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const frozen = await keepFrozen(reference(), config, initialize(config, 1), 'int8')
 * ```
 */
export const keepFrozen = async (
  backend: Backend,
  config: ModelConfig,
  parameters: Parameters,
  format: FrozenFormat,
): Promise<Parameters> => {
  const slots = slotsOf(parametersBy(config))
  const head = parameters.output ?? parameters.token
  const kept: AnyTensor[] = []
  for (const [i, x] of leaves(parameters).entries()) {
    const slot = slots[i]!
    const isNarrow = slot.stored.length === 2 && volume(slot.shape) >= least && x.op.tag === 'data' && x !== head
    kept.push(isNarrow ? await narrowed(backend, x, slot, format) : await evaluate(backend, x))
  }
  return mapTree(parameters, (_, i) => kept[i]!)
}

const narrowed = async (backend: Backend, x: AnyTensor, { stored }: ParameterSpec, format: FrozenFormat): Promise<AnyTensor> => {
  const numbers = fetched(x.op.tag === 'data' ? x.op.values : [])
  if (format === 'bf16') return keepNarrow(backend, x.shape, rounded(numbers))
  const { bits, scales, rows } = quantized(plain(numbers), x.shape, stored[0] ?? [])
  const scale = await evaluate(backend, tensor(rows, scales))
  return mul(keepNarrow(backend, x.shape, { format: 'i8', bits, length: bits.length }) as Tensor<string>, scale)
}

const rounded = (numbers: Numbers) => {
  if (isHalf(numbers) && numbers.format === 'bf16') return { ...numbers, format: 'bf16' } as const
  const bytes = encode(new Float32Array(plain(numbers)), 'BF16')
  return { format: 'bf16', bits: new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), length: bytes.length / 2 } as const
}

/** `over`: the axes of a row's number. */
const quantized = (values: ArrayLike<number>, shape: Shape, over: readonly string[]) => {
  const rows: Shape = Object.fromEntries(Object.entries(shape).filter(([axis]) => over.includes(axis)))
  const rowOf = numbering(shape, rows)
  const scales = new Float32Array(volume(rows))
  for (let i = 0; i < values.length; i++) scales[rowOf(i)] = Math.max(scales[rowOf(i)]!, Math.abs(values[i]!))
  for (let row = 0; row < scales.length; row++) scales[row]! /= 127
  const bits = new Int8Array(values.length)
  for (let i = 0; i < bits.length; i++) bits[i] = Math.round(values[i]! / (scales[rowOf(i)]! || 1))
  return { bits, scales, rows }
}

/** Of an element, the number of its row. Usually rows lie one after the other. */
const numbering = (shape: Shape, rows: Shape): ((i: number) => number) => {
  const [all, some] = [Object.keys(shape), Object.keys(rows)]
  const length = volume(shape) / volume(rows)
  if (all.slice(0, some.length).join() === some.join()) return (i) => Math.floor(i / length)
  let [step, row] = [1, 1]
  const walks = all.toReversed().flatMap((axis) => {
    const size = shape[axis]!
    const walk = { step, size, row }
    step *= size
    if (!Object.hasOwn(rows, axis)) return []
    row *= size
    return [walk]
  })
  return (i) => walks.reduce((n, walk) => n + (Math.floor(i / walk.step) % walk.size) * walk.row, 0)
}
