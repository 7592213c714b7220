/** Parameters as a checkpoint stores them: the same numbers, with several of our axes as one dimension, in another order. */
import { type AnyTensor, type Backend, fill, read, type Shape, type Tensor, tensor, volume } from '../../core/index.ts'
import { isFloat } from '../io/dtypes.ts'
import { CheckpointError, type InputFinding, throwAll } from '../io/errors.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'
import type { Initializer, ParameterSpec } from './parameter-spec.ts'

/**
 * What `build` makes of the slots when each is filled from a checkpoint. The name of the base model may be left out, as `gpt2` does
 * (`wte.weight` for `transformer.wte.weight`). Tensors that the model does not have (such as stored masks) are left aside.
 * @throws CheckpointError naming every tensor that is missing or has another shape
 */
export const fromStored = <T>(build: (make: Initializer) => T, weights: Weights, file?: string): T => {
  const findings: InputFinding[] = []
  const flaw = (tensor: string, expected: string, found: string, advice: string): void =>
    void findings.push({ ...(file === undefined ? {} : { file }), tensor, expected, found, advice })
  /** A stored tensor, if it is there and has this shape. */
  const find = (name: string, shape: readonly number[]): StoredTensor | undefined => {
    const stored = weights.get(nameIn(weights, name))
    if (stored !== undefined && stored.shape.join() === shape.join() && isFloat(stored.dtype)) return stored
    if (stored !== undefined && !isFloat(stored.dtype)) {
      flaw(name, 'F32, F16, BF16 or F64', stored.dtype, 'Use a checkpoint that is not quantized.')
      return undefined
    }
    const found = stored === undefined ? 'no such tensor' : `shape [${stored.shape.join(', ')}]`
    flaw(name, `shape [${shape.join(', ')}]`, found, 'Use the config.json that belongs to these weights.')
    return undefined
  }
  const built = build((slot) => {
    const parts = tensorsOf(slot).map(({ name, shape }) => find(name, shape))
    return parts.every((part) => part !== undefined) ? leaf(slot, parts) : fill(slot.shape, 0)
  })
  throwAll(CheckpointError, findings)
  return built
}

/** The names of base models, which Hugging Face's libraries put before those of tensors, or leave out. */
const baseModel = /^(model|transformer|gpt_neox)\./
/** What a checkpoint calls a tensor: its whole name, or that without the name of the base model. */
export const nameIn = (weights: Pick<Weights, 'has'>, name: string): string => {
  const bare = name.replace(baseModel, '')
  return !weights.has(name) && weights.has(bare) ? bare : name
}

/** The tensors of a checkpoint that hold a slot: one, or one an entry of its first stored dimension. */
const tensorsOf = (slot: ParameterSpec): readonly { readonly name: string; readonly shape: readonly number[] }[] => {
  const shape = storedShape(slot)
  if (!slot.name.includes('*')) return [{ name: slot.name, shape }]
  return Array.from({ length: shape[0]! }, (_, i) => ({ name: slot.name.replace('*', `${i}`), shape: shape.slice(1) }))
}

/**
 * The parameter that stored tensors hold, its axes in the order in which they lie there, so that nothing is moved; only what is a part of a tensor
 * is taken out of it. Its numbers are fetched when a program needs them, and stay as narrow as they are stored until they are on the device.
 */
const leaf = <A extends string>(slot: ParameterSpec<A>, parts: readonly StoredTensor[]): Tensor<A> => {
  const shape = stands(slot)
  const length = volume(shape)
  const [first] = parts
  if (first === undefined) return fill(shape, 0)
  if (parts.length > 1) return tensor(shape, { length, load: () => taken(slot, joined(parts)) })
  const whole = slot.part === undefined && slot.rotated === undefined
  return tensor(shape, { length, load: () => (whole ? (first.half?.() ?? first.data) : taken(slot, first.data)) })
}

/** The shape of a parameter, its axes as they follow each other in the checkpoint where they do. */
const stands = <A extends string>({ shape, stored, rotated }: ParameterSpec<A>): Shape<A> =>
  rotated === undefined ? (Object.fromEntries(stored.flat().map((axis) => [axis, shape[axis]])) as Shape<A>) : shape // the same axes

const joined = (parts: readonly StoredTensor[]): Float32Array => {
  const all = parts.map(({ data }) => data)
  const data = new Float32Array(all.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of all) {
    data.set(part, at)
    at += part.length
  }
  return data
}

/** The tensors of a checkpoint with these parameters, read from wherever they live. `parameters[i]` belongs into `slots[i]`. */
export const toStored = async (
  backend: Backend,
  slots: readonly ParameterSpec[],
  parameters: readonly AnyTensor[],
): Promise<readonly StoredTensor[]> => {
  const tensors = await laidOut(backend, slots, parameters, (length) => new Float32Array(length))
  return tensors.map((tensor) => ({ ...tensor, dtype: 'F32' }))
}

/** Numbers as a checkpoint would lay them out, of the precision that `make` has room for. */
export const laidOut = async <D extends Float32Array | Float64Array>(
  backend: Backend,
  slots: readonly ParameterSpec[],
  parameters: readonly AnyTensor[],
  make: (length: number) => D,
): Promise<readonly { readonly name: string; readonly shape: readonly number[]; readonly data: D }[]> => {
  const whole = new Map<string, { readonly slot: ParameterSpec; readonly data: D }>()
  for (const [i, slot] of slots.entries()) {
    const parameter = parameters[i] as Tensor<string>
    const values = await read(backend, parameter)
    const { data } = whole.get(slot.name) ?? { data: make(storedShape(slot).reduce((a, b) => a * b, 1)) }
    put(linesOf(slot, parameter.shape), values, data)
    whole.set(slot.name, { slot, data })
  }
  return [...whole.values()].flatMap(({ slot, data }) => {
    const tensors = tensorsOf(slot)
    const length = data.length / tensors.length
    const piece = (k: number): D => (tensors.length === 1 ? data : (data.subarray(k * length, (k + 1) * length) as D)) // of the same kind
    return tensors.map(({ name, shape }, k) => ({ name, shape, data: piece(k) }))
  })
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
  stored.map((axes, i) => {
    const inner = (from: number): number => axes.slice(from).reduce((n, axis) => n * shape[axis]!, 1)
    return part?.dimension === i ? axes.slice(0, part.outer).reduce((n, axis) => n * shape[axis]!, part.total) : inner(0)
  })

const taken = (slot: ParameterSpec, data: Float32Array): Float32Array => {
  const shape = stands(slot)
  const values = new Float32Array(volume(shape))
  const { starts, steps } = linesOf(slot, shape)
  const length = steps.length
  for (let line = 0, i = 0; line < starts.length; line++) for (let k = 0; k < length; k++) values[i++] = data[starts[line]! + steps[k]!]!
  return values
}

const put = ({ starts, steps }: Lines, values: ArrayLike<number>, data: Float32Array | Float64Array): void => {
  const length = steps.length
  for (let line = 0, i = 0; line < starts.length; line++) for (let k = 0; k < length; k++) data[starts[line]! + steps[k]!] = values[i++]!
}

/** The place of each line's first element, and how far the others are from it. */
interface Lines {
  readonly starts: Int32Array
  readonly steps: Int32Array
}

/** Where the checkpoint keeps a parameter, line by line of its last axis, in the order of `given`: its shape, the axes in any order. */
const linesOf = (slot: ParameterSpec, given: Shape): Lines => {
  const { shape, stored, part, rotated } = slot
  const strides: Record<string, number> = {}
  let [stride, begin] = [1, 0]
  for (const [i, axes] of [...stored.entries()].reverse()) {
    const unit = stride
    for (const [k, axis] of [...axes.entries()].reverse()) {
      if (part?.dimension === i && part.outer === k + 1) stride = unit * part.total
      strides[axis] = stride
      stride *= shape[axis]!
    }
    if (part?.dimension !== i) continue
    begin = part.begin * unit
    if (part.outer === 0) stride = unit * part.total
  }
  const offsets = (axis: string): Int32Array => Int32Array.from({ length: shape[axis]! }, (_, k) => k * strides[axis]!)
  const axes = Object.keys(given)
  const tables = rotated === undefined ? axes.map(offsets) : [...axes.slice(0, -2).map(offsets), turned(shape, rotated, strides)]
  let starts = Int32Array.of(begin)
  for (const table of tables.slice(0, -1)) {
    const inner = new Int32Array(starts.length * table.length)
    for (let line = 0, i = 0; line < starts.length; line++) for (let k = 0; k < table.length; k++) inner[i++] = starts[line]! + table[k]!
    starts = inner
  }
  return { starts, steps: tables.at(-1) ?? Int32Array.of(0) } // a parameter without axes is one element
}

/** The places of coordinates (half, pair) of a head of which the first `rotated` rotate: those two halves first, then the halves of the rest. */
const turned = (shape: ParameterSpec['shape'], rotated: number, strides: Readonly<Record<string, number>>): Int32Array => {
  const [pairs, turning] = [shape.pair!, rotated / 2]
  return Int32Array.from({ length: 2 * pairs }, (_, i) => {
    const [half, pair] = [Math.floor(i / pairs), i % pairs]
    return strides.pair! * (pair < turning ? half * turning + pair : rotated + half * (pairs - turning) + (pair - turning))
  })
}
