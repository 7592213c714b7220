/** Model directories in Hugging Face's layout: read whole or refused, written whole or not at all. */
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backend } from '../../core/index.ts'
import {
  ConfigError,
  fromWeights,
  loadModel,
  loadTokenizer,
  type ModelConfig,
  merge,
  modelFiles,
  type Parameters,
  readAdapters,
  type Tokenizer,
  type Trainable,
  type Transformer,
  toWeights,
  transformer,
  writeDirectoryAtomically,
} from '../../models/index.ts'
import {
  exists,
  type Json,
  nameIn,
  type RewardParameters,
  readBase,
  readModel,
  readNetwork,
  rewardFromWeights,
  rewardModel,
  type WeightOptions,
  withTokenizer,
} from '../../models/internal.ts'
import { type Control, controlFile, readControl } from './control.ts'
import { type HubOptions, localPath } from './hub.ts'

export interface Checkpoint {
  readonly model: Transformer
  readonly parameters: Parameters
  readonly tokenizer: Tokenizer
  /** What its `generation_config.json` says. */
  readonly generation?: Json
  /** What ends its prompts, where it was trained by CSFT. */
  readonly control?: Control
}

/** A reward model, and the tokenizer that its texts are read with. */
export interface RewardCheckpoint {
  readonly model: Trainable<RewardParameters>
  readonly parameters: RewardParameters
  readonly tokenizer: Tokenizer
}

/**
 * The model of a directory, or of `hf:owner/name`; of adapters, the model that they name with the adapters merged.
 * @param say prints what takes time
 * @throws FileError, ConfigError, CheckpointError, TokenizerError; UnavailableError for what the hub does not give
 */
export const loadCheckpoint = (name: string, say?: (line: string) => void): Promise<Checkpoint> => load(name, [], say)

/** @param above directories of adapters whose base this is */
const load = async (name: string, above: readonly string[], say?: (line: string) => void): Promise<Checkpoint> => {
  const directory = await localPath(name, 'model', say && { say })
  const place = await realpath(directory).catch(() => directory)
  if (above.includes(place)) throw circular(directory, [...above, place])
  const base = (await exists(join(directory, 'config.json'))) ? undefined : await readBase(directory)
  if (base !== undefined) return withAdapters(await load((await exists(base)) ? base : `hf:${base}`, [...above, place], say), directory)
  const loaded = await loadModel(directory)
  for (const note of loaded.tokenizer.notes) say?.(`${directory}: ${note}`)
  const control = await readControl(directory)
  return { ...loaded, ...(control && { control }) }
}

/** A model without its tokenizer. */
export interface Network extends Pick<Checkpoint, 'model' | 'parameters'> {
  /** What the checkpoint calls the tensor of this name. */
  readonly nameOf: (tensor: string) => string
}

/** The model of a directory, or of `hf:owner/name`, without its tokenizer. @throws FileError, ConfigError, CheckpointError, UnavailableError */
export const loadNetwork = async (name: string, say?: (line: string) => void): Promise<Network> => {
  const directory = await localPath(name, 'model', say && { say })
  const { config, weights } = await readNetwork(directory)
  return { model: transformer(config), parameters: fromWeights(config, weights, directory), nameOf: (tensor) => nameIn(weights, tensor) }
}

const circular = (file: string, places: readonly string[]): ConfigError =>
  new ConfigError({
    ...{ file, field: 'base_model_name_or_path', expected: 'a model', found: `adapters of adapters, in a circle: ${places.join(' → ')}` },
    advice: 'Name the model that was adapted, there or with --model.',
  })

/** The model with the adapters of a directory merged into its weights. @throws FileError, ConfigError, CheckpointError */
export const withAdapters = async (checkpoint: Checkpoint, directory: string): Promise<Checkpoint> => {
  const { config } = checkpoint.model
  const { options, adapters } = await readAdapters(directory, config)
  const control = await readControl(directory)
  const tokenizer = await ownTokenizer(directory)
  const own = tokenizer && { tokenizer, model: transformer(withTokenizer(config, tokenizer, checkpoint.generation ?? {}, directory)) }
  return { ...checkpoint, parameters: merge(config, checkpoint.parameters, adapters, options), ...own, ...(control && { control }) }
}

/** The tokenizer that lies beside adapters, with the chat template and the ends that they were trained with; nothing where there is none. */
const ownTokenizer = async (directory: string): Promise<Tokenizer | undefined> =>
  (await exists(join(directory, 'tokenizer.json'))) ? loadTokenizer(directory) : undefined

/** The tokenizer of a model, or of adapters: their own, or that of the model that they name. @throws FileError, ConfigError, TokenizerError, UnavailableError */
export const tokenizerFor = async (name: string, progress?: HubOptions): Promise<Tokenizer> => {
  const directory = await localPath(name, 'model', progress)
  const own = await ownTokenizer(directory)
  const base = own === undefined && !(await exists(join(directory, 'config.json'))) ? await readBase(directory) : undefined
  return own ?? (base === undefined ? loadTokenizer(directory) : tokenizerFor((await exists(base)) ? base : `hf:${base}`, progress))
}

/** The reward model of a directory, or of `hf:owner/name`. @throws FileError, ConfigError, CheckpointError, TokenizerError, UnavailableError */
export const loadRewardModel = async (name: string): Promise<RewardCheckpoint> => {
  const directory = await localPath(name, 'model')
  const { config, tokenizer, weights } = await readModel(directory, 'reward')
  return { model: rewardModel(config), parameters: rewardFromWeights(config, weights, directory), tokenizer }
}

export type CheckpointFiles = Readonly<Record<string, string | Uint8Array | undefined>>

interface Saved extends Omit<Checkpoint, 'model'> {
  readonly config: ModelConfig
}

/** The files of a model and its tokenizer, by name. Those given as `undefined` must not be there. */
export const modelDirectory = async (
  backend: Backend,
  { config, parameters, tokenizer, generation = {}, control }: Saved,
  weights: WeightOptions = {},
): Promise<CheckpointFiles> => ({
  ...modelFiles(config, await toWeights(backend, config, parameters), { ...weights, generation }),
  ...tokenizerFiles(tokenizer),
  ...controlFile(control),
})

export const tokenizerFiles = ({ json, config }: Tokenizer): CheckpointFiles => ({
  'tokenizer.json': jsonNote(json),
  'tokenizer_config.json': jsonNote(config),
})

/**
 * Writes a model, its tokenizer, and `notes`: other files by name, such as `demo.json`.
 * @throws FileError; then nothing has changed
 */
export const saveCheckpoint = async (directory: string, backend: Backend, saved: Saved, notes: CheckpointFiles): Promise<void> =>
  writeDirectoryAtomically(directory, { ...(await modelDirectory(backend, saved)), ...notes })

export const jsonNote = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
