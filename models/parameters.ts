/**
 * Parameters begin as random numbers or come from a checkpoint, and go back to one: Hugging Face's names and layouts ↔ our trees of named axes.
 */
import { type AnyTensor, type Backend, fill, leaves, normals, read, type Shape, tensor, volume } from '../core/index.ts'
import type { ModelConfig } from './config.ts'
import { CheckpointError, type Finding, throwAll } from './errors.ts'
import { type Gpt2, gpt2Parameters } from './gpt2.ts'
import { type Llama, llamaParameters } from './llama.ts'
import type { StoredTensor } from './safetensors.ts'
import type { Make, Slot } from './slot.ts'
import type { Weights } from './weights.ts'

/** All weights of a model. */
export type Parameters = Llama | Gpt2

const build = (config: ModelConfig, make: Make): Parameters =>
  config.family === 'llama' ? llamaParameters(config, make) : gpt2Parameters(config, make)

/**
 * Random parameters as GPT-2 draws them: N(0, deviation²), divided by √(2 · layers) where a matrix writes to the residual stream; gains 1, biases 0.
 * The same numbers for the same seed, on every machine.
 */
export const initialize = (config: ModelConfig, seed: number, deviation = 0.02): Parameters => {
  let salt = 0
  return build(config, ({ role, shape }) => {
    if (role === 'gain' || role === 'bias') return tensor(shape, new Float32Array(volume(shape)).fill(role === 'gain' ? 1 : 0))
    const scale = role === 'residual' ? deviation / Math.sqrt(2 * config.layers) : deviation
    return tensor(
      shape,
      normals(seed, ++salt, volume(shape)).map((x) => x * scale),
    )
  })
}

/**
 * The parameters that a checkpoint holds. Tensors that the model does not have (such as stored masks) are left aside.
 * @throws CheckpointError naming every tensor that is missing or has another shape
 */
export const fromWeights = (config: ModelConfig, weights: Weights, file?: string): Parameters => {
  const findings: Finding[] = []
  const parameters = build(config, (slot) => {
    const stored = weights.get(slot.name)
    const expected = storedShape(slot)
    if (stored !== undefined && stored.shape.join() === expected.join()) return tensor(slot.shape, unpack(slot, stored.data))
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
  return parameters
}

/** The tensors of a checkpoint with these parameters, read from wherever they live. */
export const toWeights = async (backend: Backend, config: ModelConfig, parameters: Parameters): Promise<readonly StoredTensor[]> => {
  const slots = slotsOf(config)
  const stored = new Map<string, StoredTensor>()
  for (const [i, x] of leaves(parameters).entries()) {
    const slot = slots[i]!
    const shape = storedShape(slot)
    const known = stored.get(slot.name) ?? {
      name: slot.name,
      dtype: 'F32',
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    }
    pack(slot, await read<string>(backend, x as AnyTensor & { readonly shape: Shape<string> }), known.data)
    stored.set(slot.name, known)
  }
  return [...stored.values()]
}

const slotsOf = (config: ModelConfig): readonly Slot[] => {
  const slots: Slot[] = []
  build(config, (slot) => {
    slots.push(slot)
    return fill(slot.shape, 0)
  })
  return slots
}

// ------------------------------------------------------------------ layouts

const storedShape = ({ stored, shape, part }: Slot): readonly number[] =>
  stored.map((axes, i) => axes.reduce((n, axis) => n * shape[axis]!, i === stored.length - 1 ? (part?.of ?? 1) : 1))

/** For each element of the parameter, in the order of its shape, where the checkpoint keeps it. */
const addresses = (slot: Slot): Int32Array => {
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
  const offset = part === undefined ? 0 : (part.index * storedShape(slot).at(-1)!) / part.of
  let places = Int32Array.of(offset)
  for (const [axis, length] of Object.entries(shape)) {
    const step = strides[axis]!
    places = Int32Array.from({ length: places.length * length }, (_, i) => places[Math.floor(i / length)]! + (i % length) * step)
  }
  return places
}
const unpack = (slot: Slot, data: Float32Array): Float32Array => Float32Array.from(addresses(slot), (place) => data[place]!)
const pack = (slot: Slot, values: ArrayLike<number>, into: Float32Array): void =>
  addresses(slot).forEach((place, i) => {
    into[place] = values[i]!
  })
