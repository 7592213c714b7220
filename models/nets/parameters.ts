/** Parameters begin as random numbers or come from a checkpoint, and go back to one under Hugging Face's names. */
import { type Backend, leaves } from '../../core/index.ts'
import { CheckpointError } from '../io/errors.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'
import type { ModelConfig } from './config.ts'
import { architectureOf } from './known.ts'
import { type Parameters, parametersOf } from './layout.ts'
import { drawn, type Initializer } from './parameter-spec.ts'
import { fromStored, laidOut, nameIn, slotsOf, toStored } from './stored.ts'

/** The tree of parameters of a configuration, each made from its slot. */
export const parametersBy =
  (config: ModelConfig) =>
  (make: Initializer): Parameters =>
    parametersOf(architectureOf(config), config, make)

/**
 * Random parameters as GPT-2 draws them: N(0, deviation²), divided by √(2 · layers) where a matrix writes to the residual stream; gains 1,
 * biases 0. The same numbers for the same seed, on every machine (Radford et al. 2019, §2.3).
 * @param seed an integer below 2³²
 * @param deviation standard deviation of a weight. Default 0.02
 * @throws ConfigError for a family that halograd does not have
 * @example
 * ```ts
 * import { initialize, parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const parameters = initialize(config, 1)
 * ```
 */
export const initialize = (config: ModelConfig, seed: number, deviation = 0.02): Parameters =>
  parametersBy(config)(drawn(seed, ({ role }) => (role === 'residual' ? deviation / Math.sqrt(2 * config.layers) : deviation)))

/**
 * The parameters that a checkpoint holds, read from it when a program needs them.
 * @param file named in errors only
 * @throws CheckpointError naming every tensor that is missing or has another shape, or an output layer that is not the embedding it is tied to;
 * ConfigError for a family that halograd does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { fromWeights, initialize, parseConfig, toWeights } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const tensors = await toWeights(reference(), config, initialize(config, 1))
 * const parameters = fromWeights(config, new Map(tensors.map((tensor) => [tensor.name, tensor])))
 * ```
 */
export const fromWeights = (config: ModelConfig, weights: Weights, file?: string): Parameters => {
  if (config.tied) checkTied(config, weights, file)
  return fromStored(parametersBy(config), weights, file)
}

/** A file may hold a copy of the embedding as its output layer; anything else there would be left aside in silence. */
const checkTied = (config: ModelConfig, weights: Weights, file: string | undefined): void => {
  const { token, output } = architectureOf(config)
  const name = nameIn(weights, `${output.name}.weight`)
  const [embedding, head] = [weights.get(nameIn(weights, `${token}.weight`)), weights.get(name)]
  if (embedding === undefined || head === undefined || sameNumbers(embedding, head)) return
  throw new CheckpointError({
    ...(file === undefined ? {} : { file }),
    ...{ tensor: name, expected: `the numbers of ${embedding.name}, which config.json ties it to (tie_word_embeddings)`, found: 'others' },
    advice: 'Set tie_word_embeddings to false in config.json if the model was trained with two, or remove the tensor.',
  })
}

const sameNumbers = (x: StoredTensor, y: StoredTensor): boolean => {
  if (x.shape.join() !== y.shape.join()) return false
  const [a, b] = [x.data, y.data]
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false
  return true
}

/**
 * The tensors of a checkpoint with these parameters, under Hugging Face's names and in its layout, read from wherever they live.
 * @throws ConfigError for a family that halograd does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { initialize, parseConfig, toWeights } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const tensors = await toWeights(reference(), config, initialize(config, 1))
 * ```
 */
export const toWeights = (backend: Backend, config: ModelConfig, parameters: Parameters): Promise<readonly StoredTensor[]> =>
  toStored(backend, slotsOf(parametersBy(config)), leaves(parameters))

/** The numbers of a tree like the parameters (their gradient), by the names of the tensors of a checkpoint and laid out as these, in the backend's precision. */
export const byTensor = (
  backend: Backend,
  config: ModelConfig,
  tree: Parameters,
): Promise<readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Float64Array }[]> =>
  laidOut(backend, slotsOf(parametersBy(config)), leaves(tree), (length) => new Float64Array(length))
