/** A model directory in Hugging Face's layout, as a model: `config.json`, `model.safetensors` (or shards), `tokenizer.json`. */
import { ConfigError } from '../io/errors.ts'
import { readJson } from '../io/json.ts'
import { join } from '../io/source.ts'
import { readWeights } from '../io/weights.ts'
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
  const file = join(directory, 'config.json')
  const tokenizer = await loadTokenizer(directory)
  const stops = tokenizer.eos === undefined ? [] : [tokenizer.eos]
  const config = withStops(parseConfig(await readJson(file, ConfigError), file), await readGeneration(directory), stops)
  const weights = await readWeights(directory)
  checkAgainst(weights, config, file)
  return { model: transformer(config), parameters: fromWeights(config, weights, directory), tokenizer }
}
