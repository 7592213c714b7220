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
  type Tokenizer,
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
import { type Checkpoint, type CheckpointFiles, loadCheckpoint, modelDirectory, tokenizerFiles } from '../inputs/checkpoint.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import { UsageError } from '../terminal/errors.ts'

export interface RunTrainable<P> {
  readonly model: Trainable<P>
  /** Where training begins. Without `reference`, the policy is the reference model then. */
  readonly parameters: P
  /** The reference model, where it is another. */
  readonly reference?: P
  /** Writes texts by these parameters, where the model is a language model. */
  readonly writer?: { readonly model: Transformer<P>; readonly tokenizer: Tokenizer }
  /** What of the trained model is saved: files by name; those given as `undefined` must not be there. */
  readonly files: (backend: Backend, trained: P) => Promise<CheckpointFiles>
}

/** What decides what is trained. */
export interface TrainableChoice {
  readonly checkpoint: Checkpoint
  readonly loss: AnyLoss
  readonly backend: Backend
  /** The reference model, where it is not where training begins. Of all weights only. */
  readonly reference?: Parameters
  /** Of what begins at random. */
  readonly seed: number
  /** Adapters to train instead of the weights, and the name of the model that they belong to. */
  readonly lora?: LoraOptions & { readonly base: string }
  /** How weights that are not trained are kept. Default: as float32. */
  readonly frozen?: FrozenFormat
}

/**
 * Calls `goOn` with the chosen trainable, whatever the type of its parameters. A reference model is on the backend already: one upload
 * serves training, evaluation and, where it is the model that training starts from, that, too.
 */
export const trainableOf = async <R>(
  choice: TrainableChoice,
  goOn: <P extends Tree<P>>(trainable: RunTrainable<P>) => Promise<R>,
): Promise<R> => {
  const { checkpoint, loss, backend, seed } = choice
  const uploaded = async <P extends Tree<P>>(trainable: RunTrainable<P>): Promise<R> => {
    if (!loss.needs.reference) return goOn(trainable)
    const name = trainable.reference === undefined ? 'parameters' : 'reference'
    return goOn({ ...trainable, [name]: await onDevice(backend, trainable[name]) })
  }
  if (loss.needs.reward) return uploaded(rewards(checkpoint, seed))
  if (choice.lora !== undefined) {
    const adapters = await besideFrozen(choice, choice.lora)
    return loss.needs.value ? uploaded(withCritic(adapters, seed)) : uploaded(adapters)
  }
  const whole = { ...allWeights(checkpoint), ...(choice.reference && { reference: choice.reference }) }
  return loss.needs.value ? uploaded(withCritic(whole, seed)) : uploaded(whole)
}

const allWeights = ({ model, ...rest }: Checkpoint) => ({
  model,
  writer: { model, tokenizer: rest.tokenizer },
  parameters: rest.parameters,
  files: async (backend: Backend, trained: Parameters): Promise<CheckpointFiles> => ({
    ...(await modelDirectory(backend, { ...rest, config: model.config, parameters: trained })),
    ...{ 'adapter_config.json': undefined, 'adapter_model.safetensors': undefined },
  }),
})

/** The weights are on the backend once, for policy and reference model alike: with adapters that have not begun, the policy is the reference model. */
const besideFrozen = async (
  { checkpoint: { model, parameters, tokenizer }, backend, seed, frozen }: TrainableChoice,
  { base, ...options }: LoraOptions & { readonly base: string },
) => {
  const weights = frozen === undefined ? await evaluate(backend, parameters) : await keepFrozen(backend, model.config, parameters, frozen)
  const beside = adapted(model.config, weights, options)
  return {
    model: beside,
    writer: { model: beside, tokenizer },
    parameters: initializeAdapters(model.config, options, seed),
    files: async (backend: Backend, trained: Adapters): Promise<CheckpointFiles> => ({
      ...(await adapterFiles(backend, model.config, options, trained, base)),
      ...{ 'config.json': undefined, 'model.safetensors': undefined },
    }),
  }
}

/** The value head serves training alone: the policy is saved. */
const withCritic = <P>(
  { model, parameters, reference, files }: RunTrainable<P> & { readonly model: Transformer<P> },
  seed: number,
): RunTrainable<Headed<P, ValueHead>> => {
  const head = initializeHead(model.config, valueHead, seed)
  return {
    model: valuing(model),
    parameters: { policy: parameters, head },
    ...(reference && { reference: { policy: reference, head } }),
    files: (backend, { policy }) => files(backend, policy),
  }
}

/** The language model without its output layer, with a reward head. */
const rewards = ({ model: { config }, parameters, tokenizer }: Checkpoint, seed: number): RunTrainable<RewardParameters> => ({
  model: rewardModel(config),
  parameters: beginReward(config, parameters, seed),
  files: async (backend, trained) => ({ ...(await rewardFiles(backend, config, trained)), ...tokenizerFiles(tokenizer) }),
})

/** The weights of a reference model. @throws UsageError where it is not of the shape of the model that is trained; and what loading throws */
export const loadReference = async (name: string, { model }: Checkpoint, say: (line: string) => void): Promise<Parameters> => {
  const reference = await loadCheckpoint(name, say)
  const shapesOf = (network: Checkpoint['model']): string => JSON.stringify({ ...network.config, context: 0, gaps: 0 })
  if (shapesOf(reference.model) !== shapesOf(model))
    throw new UsageError(`--reference: expected a model with the config.json of --model, found another in ${name}`)
  return reference.parameters
}

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
