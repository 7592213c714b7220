/** Parameters begin as random numbers or come from a checkpoint, and go back to one under Hugging Face's names. */
import { type Backend, leaves } from '../../core/index.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'
import type { ModelConfig } from './config.ts'
import { architectureOf } from './known.ts'
import { type Parameters, parametersOf } from './layout.ts'
import { drawn, type Initializer } from './parameter-spec.ts'
import { fromStored, laidOut, slotsOf, toStored } from './stored.ts'

/** The tree of parameters of a configuration, each made from its slot. */
export const parametersBy =
  (config: ModelConfig) =>
  (make: Initializer): Parameters =>
    parametersOf(architectureOf(config), config, make)

/**
 * Random parameters as GPT-2 draws them: N(0, deviation²), divided by √(2 · layers) where a matrix writes to the residual stream; gains 1, biases 0.
 * The same numbers for the same seed, on every machine.
 */
export const initialize = (config: ModelConfig, seed: number, deviation = 0.02): Parameters =>
  parametersBy(config)(drawn(seed, ({ role }) => (role === 'residual' ? deviation / Math.sqrt(2 * config.layers) : deviation)))

/**
 * The parameters that a checkpoint holds.
 * @param file named in errors only
 * @throws CheckpointError naming every tensor that is missing or has another shape
 */
export const fromWeights = (config: ModelConfig, weights: Weights, file?: string): Parameters =>
  fromStored(parametersBy(config), weights, file)

/** The tensors of a checkpoint with these parameters, read from wherever they live. */
export const toWeights = (backend: Backend, config: ModelConfig, parameters: Parameters): Promise<readonly StoredTensor[]> =>
  toStored(backend, slotsOf(parametersBy(config)), leaves(parameters))

/** The numbers of a tree like the parameters (their gradient), by the names of the tensors of a checkpoint and laid out as these, in the backend's precision. */
export const byTensor = (
  backend: Backend,
  config: ModelConfig,
  tree: Parameters,
): Promise<readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Float64Array }[]> =>
  laidOut(backend, slotsOf(parametersBy(config)), leaves(tree), (length) => new Float64Array(length))
