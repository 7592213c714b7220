/**
 * What a run trains: a model over parameters of some type P, and where they begin. All weights of a model, adapters beside frozen ones, a policy with a
 * value head, or a reward model. Nothing else in this folder knows what P is.
 */
import { resolve } from 'node:path'
import { type Backend, evaluate, type Tree } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import {
  type Adapters,
  adapted,
  adapterFiles,
  type FrozenFormat,
  initializeAdapters,
  keepFrozen,
  type LoraOptions,
  type Parameters,
  type Trainable,
  type Transformer,
  usualTargets,
} from '../../models/index.ts'
import {
  beginReward,
  type Headed,
  initializeHead,
  onDevice,
  type RewardParameters,
  rewardFiles,
  rewardModel,
  type ValueHead,
  valueHead,
  valuing,
} from '../../models/internal.ts'
import { type Checkpoint, type CheckpointFiles, modelDirectory, tokenizerFiles } from '../inputs/checkpoint.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'

export interface RunTrainable<P> {
  readonly model: Trainable<P>
  /** Where training begins. With these parameters the policy is the reference model. */
  readonly parameters: P
  /** What of the trained model is saved: files by name; those given as `undefined` must not be there. */
  readonly files: (backend: Backend, trained: P) => Promise<CheckpointFiles>
}

/** What decides what is trained. */
export interface TrainableChoice {
  readonly checkpoint: Checkpoint
  readonly loss: AnyLoss
  readonly backend: Backend
  /** Of what begins at random. */
  readonly seed: number
  /** Adapters to train instead of the weights, and the name of the model that they belong to. */
  readonly lora?: LoraOptions & { readonly base: string }
  /** How weights that are not trained are kept. Default: as float32. */
  readonly frozen?: FrozenFormat
}

/**
 * Goes on with the trainable that was chosen, whatever the type of its parameters. Where the loss has a reference model, they are on the backend
 * already: one upload serves training, evaluation and the reference model.
 */
export const trainableOf = async <R>(
  choice: TrainableChoice,
  goOn: <P extends Tree<P>>(trainable: RunTrainable<P>) => Promise<R>,
): Promise<R> => {
  const { checkpoint, loss, backend, seed } = choice
  const uploaded = async <P extends Tree<P>>(trainable: RunTrainable<P>): Promise<R> =>
    goOn(loss.needs.reference ? { ...trainable, parameters: await onDevice(backend, trainable.parameters) } : trainable)
  if (loss.needs.reward) return uploaded(rewards(checkpoint, seed))
  if (choice.lora !== undefined) {
    const adapters = await besideFrozen(choice, choice.lora)
    return loss.needs.value ? uploaded(withCritic(adapters, seed)) : uploaded(adapters)
  }
  const whole = allWeights(checkpoint)
  return loss.needs.value ? uploaded(withCritic(whole, seed)) : uploaded(whole)
}

const allWeights = ({ model, ...rest }: Checkpoint) => ({
  model,
  parameters: rest.parameters,
  files: async (backend: Backend, trained: Parameters): Promise<CheckpointFiles> => ({
    ...(await modelDirectory(backend, { ...rest, config: model.config, parameters: trained })),
    ...{ 'adapter_config.json': undefined, 'adapter_model.safetensors': undefined },
  }),
})

/** The weights are on the backend once, for policy and reference model alike: with adapters that have not begun, the policy is the reference model. */
const besideFrozen = async (
  { checkpoint: { model, parameters }, backend, seed, frozen }: TrainableChoice,
  { base, ...options }: LoraOptions & { readonly base: string },
) => ({
  model: adapted(
    model.config,
    frozen === undefined ? await evaluate(backend, parameters) : await keepFrozen(backend, model.config, parameters, frozen),
    options,
  ),
  parameters: initializeAdapters(model.config, options, seed),
  files: async (backend: Backend, trained: Adapters): Promise<CheckpointFiles> => ({
    ...(await adapterFiles(backend, model.config, options, trained, base)),
    ...{ 'config.json': undefined, 'model.safetensors': undefined },
  }),
})

/** The value head has done its work when training ends: the policy is saved. */
const withCritic = <P>(
  { model, parameters, files }: RunTrainable<P> & { readonly model: Transformer<P> },
  seed: number,
): RunTrainable<Headed<P, ValueHead>> => ({
  model: valuing(model),
  parameters: { policy: parameters, head: initializeHead(model.config, valueHead, seed) },
  files: (backend, { policy }) => files(backend, policy),
})

/** The language model learns to read for a reward head; what it would say next is forgotten. */
const rewards = ({ model: { config }, parameters, tokenizer }: Checkpoint, seed: number): RunTrainable<RewardParameters> => ({
  model: rewardModel(config),
  parameters: beginReward(config, parameters, seed),
  files: async (backend, trained) => ({ ...(await rewardFiles(backend, config, trained)), ...tokenizerFiles(tokenizer) }),
})

/** The adapters that options ask for, if they do. */
export const loraIn = ({ lora: rank, loraAlpha, loraTargets, model: base }: TrainingCommandOptions, { model: { config } }: Checkpoint) =>
  rank === undefined
    ? {}
    : {
        lora: {
          rank,
          alpha: loraAlpha ?? 2 * rank,
          targets: loraTargets ?? usualTargets(config),
          base: base.startsWith('hf:') ? base.slice(3) : resolve(base),
        },
      }
