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

export interface LoadedModel {
  readonly model: Transformer<Parameters>
  readonly parameters: Parameters
  readonly tokenizer: Tokenizer
}

/**
 * The model, its parameters and its tokenizer.
 * @param directory a path, as `useFiles` reads it; in Node a directory of the file system
 * @throws FileError, ConfigError, CheckpointError, TokenizerError naming the file and the field
 * @example
 * const { model, parameters, tokenizer } = await loadModel('SmolLM2-135M')
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
