/**
 * Adapters on disk, as PEFT keeps them: `adapter_config.json` says how they were made, `adapter_model.safetensors` holds A and B of each module.
 * Whatever PEFT would compute differently (DoRA, rank-stabilised scaling, ranks by module, trained biases, …) is refused, never ignored.
 */
import type { Backend } from '../../core/index.ts'
import { CheckpointError, ConfigError, show, throwAll } from '../io/errors.ts'
import { fieldsOf, isObject, showJson } from '../io/fields.ts'
import { readJson } from '../io/json.ts'
import { formatSafetensors } from '../io/safetensors.ts'
import { exists, join } from '../io/source.ts'
import { readWeights } from '../io/weights.ts'
import type { ModelConfig } from '../nets/config.ts'
import { type Adapters, adaptersFromWeights, adaptersToWeights, formatAdapterConfig, isTransposed, type LoraOptions } from '../nets/lora.ts'

const files = { config: 'adapter_config.json', weights: 'adapter_model.safetensors' } as const

/**
 * The files of an adapter directory, by name, for `writeDirectoryAtomically`.
 * @param base name or directory of the model that was adapted
 */
export const adapterFiles = async (
  backend: Backend,
  config: ModelConfig,
  options: LoraOptions,
  adapters: Adapters,
  base: string,
): Promise<Readonly<Record<string, string | Uint8Array>>> => ({
  [files.config]: `${JSON.stringify(formatAdapterConfig(config, options, base), null, 2)}\n`,
  [files.weights]: formatSafetensors(await adaptersToWeights(backend, config, options, adapters), { format: 'pt' }),
})

/**
 * The adapters of a directory, for a model of this configuration.
 * @throws FileError, ConfigError with every flaw, CheckpointError when tensors are missing, misshapen, or belong to modules that were not named
 */
export const readAdapters = async (
  directory: string,
  config: ModelConfig,
): Promise<{ readonly options: LoraOptions; readonly adapters: Adapters }> => {
  const file = join(directory, files.config)
  const options = parseAdapterConfig(await readJson(file, ConfigError), config, file)
  const path = join(directory, files.weights)
  const weights = await readWeights(path)
  const adapters = adaptersFromWeights(config, options, weights, path)
  const used = new Set(Object.keys(adapters).flatMap((module) => ['A', 'B'].map((AB) => `base_model.model.${module}.lora_${AB}.weight`)))
  const strange = [...weights.keys()].filter((name) => !used.has(name))
  const [first, ...others] = strange.map((tensor) => ({
    file: path,
    tensor,
    expected: `adapters of ${options.targets.join(', ')} only, as ${files.config} says`,
    found: 'another tensor',
    advice: 'Use the adapter_config.json that belongs to these adapters.',
  }))
  if (first !== undefined) throw new CheckpointError(first, ...others)
  return { options, adapters }
}

/** The name or directory of the model that the adapters of a directory belong to; nothing where there are no adapters. */
export const readBase = async (directory: string): Promise<string | undefined> => {
  const file = join(directory, files.config)
  if (!(await exists(file))) return undefined
  const json = await readJson(file, ConfigError)
  const base = isObject(json) ? json.base_model_name_or_path : json
  if (typeof base === 'string' && base !== '') return base
  throw new ConfigError({
    file,
    field: 'base_model_name_or_path',
    expected: 'the model that was adapted',
    found: show(base),
    advice: 'Name its directory there, or with --model, and these adapters with --adapters.',
  })
}

/**
 * A parsed `adapter_config.json`, for a model of this configuration.
 * @throws ConfigError with every flaw
 */
export const parseAdapterConfig = (json: unknown, config: ModelConfig, file: string = files.config): LoraOptions => {
  if (!isObject(json))
    throw new ConfigError({ file, expected: 'a JSON object', found: showJson(json), advice: "Give PEFT's adapter_config.json." })
  const fields = fieldsOf(json, file)
  fields.only('peft_type', 'LORA')
  fields.only('bias', 'none')
  fields.only('fan_in_fan_out', isTransposed(config))
  for (const flag of ['use_rslora', 'use_dora', 'lora_bias']) fields.only(flag, false)
  for (const field of ['rank_pattern', 'alpha_pattern'])
    if (Object.keys(isObject(json[field]) ? json[field] : {}).length > 0) fields.flaw(field, '{}', json[field], oneRank)
  for (const field of ['modules_to_save', 'layers_to_transform', 'exclude_modules'])
    if ((json[field] ?? undefined) !== undefined)
      fields.flaw(field, 'null', json[field], 'Use adapters of the named modules in all layers.')
  const { target_modules: targets } = json
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string'))
    fields.flaw('target_modules', 'a list of names of modules', targets, 'Name the modules: patterns are not understood.')
  const options = {
    rank: fields.count('r'),
    alpha: fields.positive('lora_alpha'),
    targets: Array.isArray(targets) ? targets.map(String) : [],
  }
  throwAll(ConfigError, fields.findings)
  return options
}

const oneRank = 'Use adapters that all have one rank and one alpha.'
