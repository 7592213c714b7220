/**
 * A slot for one parameter: its name and layout in a checkpoint, its axes here, and how it begins. Each family describes its tree of parameters
 * once, over a `Make` that turns slots into tensors: drawn at random, read from a checkpoint, or merely listed.
 */
import { normals, type Shape, type Tensor, tensor, volume } from '../../core/index.ts'
import type { ModelConfig } from './config.ts'

/** How a parameter begins: a matrix at random, one that writes to the residual stream smaller, a gain at 1, a bias at 0. */
export type Role = 'matrix' | 'residual' | 'gain' | 'bias'

export interface ParameterSpec<A extends string = string> {
  /** Hugging Face's name for the tensor. */
  readonly name: string
  readonly role: Role
  readonly shape: Shape<A>
  /** The dimensions of the stored tensor, each one or several of our axes, the first the slowest. */
  readonly stored: readonly (readonly A[])[]
  /** Which of several equal parts of the last stored dimension: GPT-2 keeps query, key and value side by side. */
  readonly part?: { readonly index: number; readonly of: number }
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
