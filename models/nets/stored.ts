/** Parameters as a checkpoint stores them: the same numbers, with several of our axes as one dimension, in another order. */
import { type AnyTensor, type Backend, fill, read, type Tensor, tensor, volume } from '../../core/index.ts'
import { CheckpointError, type Finding, throwAll } from '../io/errors.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'
import type { Initializer, ParameterSpec } from './parameter-spec.ts'

/**
 * What `build` makes of the slots when each is filled from a checkpoint. The name of the base model may be left out, as `gpt2` does
 * (`wte.weight` for `transformer.wte.weight`). Tensors that the model does not have (such as stored masks) are left aside.
 * @throws CheckpointError naming every tensor that is missing or has another shape
 */
export const fromStored = <T>(build: (make: Initializer) => T, weights: Weights, file?: string): T => {
  const findings: Finding[] = []
  const built = build((slot) => {
    const stored = weights.get(slot.name) ?? weights.get(slot.name.replace(/^(model|transformer)\./, ''))
    const expected = storedShape(slot)
    if (stored !== undefined && stored.shape.join() === expected.join()) return tensor(slot.shape, taken(slot, stored.data))
    findings.push({
      ...(file === undefined ? {} : { file }),
      tensor: slot.name,
      expected: `shape [${expected.join(', ')}]`,
      found: stored === undefined ? 'no such tensor' : `shape [${stored.shape.join(', ')}]`,
      advice: 'Use the config.json that belongs to these weights.',
    })
    return fill(slot.shape, 0)
  })
  throwAll(CheckpointError, findings)
  return built
}

/** The tensors of a checkpoint with these parameters, read from wherever they live. `parameters[i]` belongs into `slots[i]`. */
export const toStored = async (
  backend: Backend,
  slots: readonly ParameterSpec[],
  parameters: readonly AnyTensor[],
): Promise<readonly StoredTensor[]> => {
  const stored = new Map<string, StoredTensor>()
  for (const [i, slot] of slots.entries()) {
    const shape = storedShape(slot)
    const values = await read(backend, parameters[i] as Tensor<string>)
    const { data } = stored.get(slot.name) ?? { data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }
    const { starts, length, step } = linesOf(slot)
    for (let line = 0, i = 0; line < starts.length; line++) for (let k = 0; k < length; k++) data[starts[line]! + k * step] = values[i++]!
    stored.set(slot.name, { name: slot.name, dtype: 'F32', shape, data })
  }
  return [...stored.values()]
}

/** The slots that `build` asks for, in the order of the leaves of what it builds. */
export const slotsOf = (build: (make: Initializer) => unknown): readonly ParameterSpec[] => {
  const slots: ParameterSpec[] = []
  build((slot) => {
    slots.push(slot)
    return fill(slot.shape, 0)
  })
  return slots
}

const storedShape = ({ stored, shape, part }: ParameterSpec): readonly number[] =>
  stored.map((axes, i) => axes.reduce((n, axis) => n * shape[axis]!, i === stored.length - 1 ? (part?.of ?? 1) : 1))

/** The parameter in a stored tensor: its very data where both keep the same elements in the same order. */
const taken = (slot: ParameterSpec, data: Float32Array): Float32Array => {
  const { shape, stored, part } = slot
  if (part === undefined && stored.flat().join() === Object.keys(shape).join()) return data
  const values = new Float32Array(volume(shape))
  const { starts, length, step } = linesOf(slot)
  for (let line = 0, i = 0; line < starts.length; line++) for (let k = 0; k < length; k++) values[i++] = data[starts[line]! + k * step]!
  return values
}

/**
 * Where the checkpoint keeps a parameter, line by line of its last axis, in the order of its shape: the place of each line's first element, and how
 * far apart those of a line are.
 */
const linesOf = (slot: ParameterSpec): { readonly starts: Int32Array; readonly length: number; readonly step: number } => {
  const { shape, stored, part } = slot
  const strides: Record<string, number> = {}
  let stride = 1
  for (const [i, axes] of [...stored.entries()].reverse()) {
    for (const axis of axes.toReversed()) {
      strides[axis] = stride
      stride *= shape[axis]!
    }
    if (i === stored.length - 1) stride *= part?.of ?? 1
  }
  const axes = Object.entries(shape).map(([axis, length]) => ({ length, step: strides[axis]! }))
  let starts = Int32Array.of(part === undefined ? 0 : (part.index * storedShape(slot).at(-1)!) / part.of)
  for (const { length, step } of axes.slice(0, -1)) {
    const inner = new Int32Array(starts.length * length)
    for (let line = 0, i = 0; line < starts.length; line++) for (let k = 0; k < length; k++) inner[i++] = starts[line]! + k * step
    starts = inner
  }
  return { starts, ...(axes.at(-1) ?? { length: 1, step: 0 }) } // a parameter without axes is one element
}
