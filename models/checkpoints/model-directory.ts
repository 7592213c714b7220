/**
 * A model directory in Hugging Face's layout, as a model: `config.json`, `model.safetensors` (or shards), `tokenizer.json`, `generation_config.json`.
 * The four must agree, which is checked before anything of the size of the model is built.
 */
import { CheckpointError, ConfigError } from '../io/errors.ts'
import type { Json } from '../io/fields.ts'
import { readJson } from '../io/json.ts'
import { join } from '../io/source.ts'
import { readWeights, type Weights } from '../io/weights.ts'
import type { ModelConfig, Purpose } from '../nets/config.ts'
import { parseConfig } from '../nets/config-json.ts'
import type { Parameters } from '../nets/layout.ts'
import { fromWeights } from '../nets/parameters.ts'
import { type Transformer, transformer } from '../nets/transformer.ts'
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts'
import { readGeneration, withStops } from './generation.ts'
import { checkAgainst } from './sizes.ts'

/** A model of a directory: the functions, the parameters (read when they are needed) and the tokenizer. */
export interface LoadedModel {
  readonly model: Transformer<Parameters>
  readonly parameters: Parameters
  readonly tokenizer: Tokenizer
  /** What its `generation_config.json` says; empty where there is none. */
  readonly generation: Json
}

/**
 * Read a Hugging Face model directory: `config.json`, the tokenizer and the weights. Weights are read from the files when a program needs
 * them.
 * @throws ConfigError, CheckpointError, TokenizerError, FileError naming the file and what is wrong with it
 * @example
 * ```ts
 * import { loadModel } from 'halograd/models'
 * export const vocabulary = async (directory: string) => (await loadModel(directory)).tokenizer.vocabularySize
 * ```
 */
export const loadModel = async (directory: string): Promise<LoadedModel> => {
  const { config, weights, tokenizer, generation } = await readModel(directory)
  return { model: transformer(config), parameters: fromWeights(config, weights, directory), tokenizer, generation }
}

/** The configuration and the weights of a directory, without its tokenizer. @throws ConfigError, CheckpointError, FileError */
export const readNetwork = async (
  directory: string,
  purpose: Purpose = 'text',
  complete: (config: ModelConfig) => ModelConfig = (config) => config,
): Promise<{ readonly config: ModelConfig; readonly weights: Weights }> => {
  const file = join(directory, 'config.json')
  const config = complete(parseConfig(await readJson(file, ConfigError), file, purpose))
  const weights = await readWeights(directory)
  checkAgainst(weights, config, file)
  return { config, weights }
}

/** What a directory holds, its configuration completed by what its other files say. @throws ConfigError, CheckpointError, TokenizerError, FileError */
export const readModel = async (directory: string, purpose: Purpose = 'text') => {
  const tokenizer = await loadTokenizer(directory)
  const generation = await readGeneration(directory)
  const network = await readNetwork(directory, purpose, (config) => withTokenizer(config, tokenizer, generation, directory))
  return { ...network, tokenizer, generation }
}

/** The model as it goes with a tokenizer: where its texts end, and which ids it must never say. @throws CheckpointError where it knows fewer tokens */
export const withTokenizer = (config: ModelConfig, tokenizer: Tokenizer, generation: Json, directory: string): ModelConfig => {
  if (tokenizer.vocabularySize > config.vocab)
    throw new CheckpointError({
      file: directory,
      expected: `a tokenizer of at most ${config.vocab} tokens, as config.json's vocab_size says`,
      found: `${tokenizer.vocabularySize} tokens`,
      advice: 'Use the tokenizer that the model was trained with.',
    })
  const gaps = tokenizer.gaps(config.vocab)
  const complete = withStops(config, generation, tokenizer.eos === undefined ? [] : [tokenizer.eos])
  return { ...complete, ...(gaps.length > 0 && { gaps }) }
}
