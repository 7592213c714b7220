/**
 * A slot for one parameter: its name and layout in a checkpoint, its axes here, and how it begins. The tree of parameters is described once, over
 * a `Make` that turns slots into tensors: drawn at random, read from a checkpoint, or merely listed.
 */
import { type Shape, type Tensor, tensor, volume } from '../../core/index.ts'
import { normals } from '../../core/internal.ts'
import type { ModelConfig } from './config.ts'

/** How a parameter begins: a matrix at random, one that writes to the residual stream smaller, a gain at 1, a bias at 0. */
export type ParameterRole = 'matrix' | 'residual' | 'gain' | 'bias'

export interface ParameterSpec<A extends string = string> {
  /** Hugging Face's name for the tensor. A `*` stands for a number: the first stored dimension is spread over so many tensors, one an entry. */
  readonly name: string
  readonly role: ParameterRole
  readonly shape: Shape<A>
  /** The dimensions of the stored tensor, each one or several of our axes, the first the slowest. */
  readonly stored: readonly (readonly A[])[]
  /** The stored dimension that a linear layer sums over. Absent: it is no linear layer (an embedding, the output layer, a gain, a bias). */
  readonly input?: 0 | 1
  /** Where the parameter lies among others in one stored dimension. */
  readonly part?: ParameterPart
  /** Coordinates of a head that RoPE rotates, where it is not all: stored as [2 × rotated/2, the rest], here as two halves of pairs. The shape ends with `half`, `pair`. */
  readonly rotated?: number
}

/** The entries `begin` … of `total` along a stored dimension; inside the first `outer` of its axes, which all parts share. */
export interface ParameterPart {
  readonly dimension: number
  readonly outer: number
  readonly begin: number
  readonly total: number
}

export type Initializer = <A extends string>(slot: ParameterSpec<A>) => Tensor<A>

/** Random numbers from N(0, deviation²), each slot its own; gains 1, biases 0. The same for the same seed, on every machine. */
export const drawn = (seed: number, deviation: number | ((slot: ParameterSpec) => number)): Initializer => {
  let salt = 0
  return (slot) => {
    const { role, shape } = slot
    if (role === 'gain' || role === 'bias') return tensor(shape, new Float32Array(volume(shape)).fill(role === 'gain' ? 1 : 0))
    const scale = typeof deviation === 'number' ? deviation : deviation(slot)
    const values = normals(seed, ++salt, volume(shape))
    return tensor(
      shape,
      values.map((x) => x * scale),
    )
  }
}

/** The sizes of a model's axes. */
export const sizes = ({ vocab, context, embed, heads, keyValueHeads, headSize, hidden }: ModelConfig) => ({
  vocab,
  position: context,
  embed,
  hidden,
  head: keyValueHeads,
  group: heads / keyValueHeads,
  key: headSize,
  half: 2,
  pair: headSize / 2,
})
