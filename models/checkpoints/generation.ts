/**
 * `generation_config.json`: how a model wants to be sampled, as Hugging Face keeps it. halograd reads the tokens that end an answer (a chat model may have
 * several), and leaves the rest as it is for whoever reads it next.
 */
import { ConfigError, throwAll } from '../io/errors.ts'
import { fieldsOf, isObject, type Json, showJson } from '../io/fields.ts'
import { readJson } from '../io/json.ts'
import { exists, join } from '../io/source.ts'
import type { ModelConfig } from '../nets/config.ts'
import { ends } from '../nets/config-json.ts'

const name = 'generation_config.json'

/** What the file of a model directory says; nothing where there is none. @throws FileError, ConfigError */
export const readGeneration = async (directory: string): Promise<Json> => {
  const file = join(directory, name)
  if (!(await exists(file))) return {}
  const json = await readJson(file, ConfigError)
  if (isObject(json)) return json
  throw new ConfigError({ file, expected: 'a JSON object', found: showJson(json), advice: 'Correct or remove the file.' })
}

/**
 * The model, stopping wherever `generation_config.json` or its tokenizer say that an answer ends.
 * @param also ends of texts that are known otherwise
 * @throws ConfigError
 */
export const withStops = (config: ModelConfig, generation: Json, also: readonly number[]): ModelConfig => {
  const fields = fieldsOf(generation, name)
  const { bos, eos, stop } = ends(fields)
  throwAll(ConfigError, fields.findings)
  const all = [...(config.stop ?? [config.eos]), ...(stop ?? [eos]), ...also].filter((id) => id !== undefined)
  const [first, ...others] = new Set(all)
  return {
    ...(bos === undefined ? {} : { bos }),
    ...config,
    ...(first === undefined ? {} : { eos: first }),
    ...(first === undefined || others.length === 0 ? {} : { stop: [first, ...others] }),
  }
}

/** What was read, with the tokens that the model begins and ends texts with. */
export const formatGeneration = ({ bos, eos, stop }: ModelConfig, generation: Json = {}): Json => ({
  ...generation,
  ...(bos === undefined ? {} : { bos_token_id: bos }),
  ...(eos === undefined ? {} : { eos_token_id: stop ?? eos }),
})
