/**
 * A reward model as a directory: a transformer whose output layer is one number for a text, R(x, y) = w · h of its last token. In Hugging Face's
 * layout that is sequence classification with one label, so that PyTorch reads it, and the reward models that others have trained are read here.
 */
import { type Backend, leaves } from '../../core/index.ts'
import type { WeightOptions, Weights } from '../io/weights.ts'
import type { ModelConfig } from '../nets/config.ts'
import { type Headed, initializeHead, type RewardHead, rewardHead, rewarding } from '../nets/head.ts'
import type { Parameters } from '../nets/layout.ts'
import type { Initializer } from '../nets/parameter-spec.ts'
import { parametersBy } from '../nets/parameters.ts'
import { fromStored, slotsOf, toStored } from '../nets/stored.ts'
import type { Trainable } from '../nets/trainable.ts'
import { transformer } from '../nets/transformer.ts'
import { modelFiles } from './export.ts'

export type RewardParameters = Headed<Parameters, RewardHead>

/** A model without an output layer of its own: nobody asks it for tokens. */
const mute = (config: ModelConfig): ModelConfig => ({ ...config, tied: true })

const parametersOf =
  (config: ModelConfig) =>
  (make: Initializer): RewardParameters => ({ policy: parametersBy(mute(config))(make), head: rewardHead(config, make) })

/** Scores are R(x, y), where those of a language model are log π(y|x). */
export const rewardModel = (config: ModelConfig): Trainable<RewardParameters> => rewarding(transformer(mute(config)))

/** A language model with a head that begins at random. */
export const beginReward = (config: ModelConfig, { output: _, ...policy }: Parameters, seed: number): RewardParameters => ({
  policy,
  head: initializeHead(config, rewardHead, seed),
})

/**
 * The reward model that a checkpoint holds.
 * @param file named in errors only
 * @throws CheckpointError naming every tensor that is missing or has another shape
 */
export const rewardFromWeights = (config: ModelConfig, weights: Weights, file?: string): RewardParameters =>
  fromStored(parametersOf(config), weights, file)

/** Its files by name, for `writeDirectoryAtomically`. Those given as `undefined` must not be there. */
export const rewardFiles = async (
  backend: Backend,
  config: ModelConfig,
  parameters: RewardParameters,
  options: WeightOptions = {},
): Promise<Readonly<Record<string, string | Uint8Array | undefined>>> =>
  modelFiles(mute(config), await toStored(backend, slotsOf(parametersOf(config)), leaves(parameters)), { ...options, purpose: 'reward' })
