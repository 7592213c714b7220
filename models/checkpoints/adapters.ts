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
import { readWeights, type Weights } from '../io/weights.ts'
import type { ModelConfig } from '../nets/config.ts'
import { type Adapters, adaptersFromWeights, adaptersToWeights, formatAdapterConfig, isTransposed, type LoraOptions } from '../nets/lora.ts'

const files = { config: 'adapter_config.json', weights: 'adapter_model.safetensors' } as const

/**
 * The files of a PEFT adapter directory, by name, for `writeDirectoryAtomically`.
 * @param options those that the adapters were made with
 * @param base name or directory of the model that was adapted
 * @throws ConfigError for a family that halograd does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { adapterFiles, initializeAdapters, parseConfig, usualTargets } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const options = { rank: 2, alpha: 4, targets: usualTargets(config) }
 * const files = await adapterFiles(reference(), config, options, initializeAdapters(config, options, 1), 'owner/model')
 * ```
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
 * The adapters of a PEFT directory, for a model of this configuration, and the options that they were made with.
 * @throws FileError, ConfigError with every flaw, CheckpointError when tensors are missing, misshapen, or belong to modules that were not named
 * @example
 * ```ts
 * import { loadModel, merge, readAdapters } from 'halograd/models'
 * export const merged = async (base: string, directory: string) => {
 *   const { model, parameters } = await loadModel(base)
 *   const { options, adapters } = await readAdapters(directory, model.config)
 *   return merge(model.config, parameters, adapters, options)
 * }
 * ```
 */
export const readAdapters = async (
  directory: string,
  config: ModelConfig,
): Promise<{ readonly options: LoraOptions; readonly adapters: Adapters }> => {
  const file = join(directory, files.config)
  const options = parseAdapterConfig(await readJson(file, ConfigError), config, file)
  const path = join(directory, files.weights)
  const weights = peftNames(await readWeights(path), path)
  const adapters = adaptersFromWeights(config, options, weights, path)
  const used = new Set(Object.keys(adapters).flatMap((module) => ['A', 'B'].map((AB) => `${prefix}${module}.lora_${AB}.weight`)))
  const strange = [...weights].filter(([name]) => !used.has(name))
  const [first, ...others] = strange.map(([, { name: tensor }]) => ({
    file: path,
    tensor,
    expected: `adapters of ${[options.targets].flat().join(', ')} only, as ${files.config} says`,
    found: 'another tensor',
    advice: 'Use the adapter_config.json that belongs to these adapters.',
  }))
  if (first !== undefined) throw new CheckpointError(first, ...others)
  return { options, adapters }
}

const prefix = 'base_model.model.'

/** Tensors under the names that PEFT saves them by: a bare state dictionary names the adapter (`lora_A.default.weight`), or leaves out the wrapper. */
const peftNames = (weights: Weights, file: string): Weights => {
  const named = [...weights].map(([name, tensor]) => {
    const whole = name.replace(/\.(lora_[AB])\.default\.weight$/, '.$1.weight')
    return [whole.startsWith(prefix) ? whole : `${prefix}${whole}`, tensor] as const
  })
  const all = new Map(named)
  if (all.size === named.length) return all
  const [twice, { name: tensor }] = named.find(([name], i) => named.findIndex(([other]) => other === name) < i)!
  throw new CheckpointError({ file, tensor, expected: 'one tensor a name', found: `two for ${twice}`, advice: 'Save the adapters again.' })
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
  for (const [field, advice] of Object.entries(variants))
    if (!isEmpty(fields.get(field))) fields.flaw(field, 'nothing, as in plain LoRA', fields.get(field), advice)
  const begun = fields.get('init_lora_weights')
  if (typeof begun === 'string' && !plainBeginnings.includes(begun))
    fields.flaw('init_lora_weights', `true, false, ${plainBeginnings.join(' or ')}`, begun, changedBase)
  const targets = fields.get('target_modules')
  const named = Array.isArray(targets) && targets.every((target) => typeof target === 'string')
  if (!named && typeof targets !== 'string')
    fields.flaw('target_modules', 'a list of names of modules, a regular expression, or all-linear', targets, 'Name the modules.')
  const options = {
    rank: fields.count('r'),
    alpha: fields.positive('lora_alpha'),
    targets: typeof targets === 'string' ? targets : Array.isArray(targets) ? targets.map(String) : [],
  }
  for (const [field, value] of Object.entries(json))
    if (!fields.read.has(field) && !harmless.includes(field) && !isEmpty(value)) fields.flaw(field, 'no such field', value, unknownField)
  throwAll(ConfigError, fields.findings)
  return options
}

/** Nothing, or what says so. */
const isEmpty = (value: unknown): boolean =>
  (value ?? false) === false || value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

const plainLora = 'Use adapters of plain LoRA: halograd does not implement this variant.'
const oneRank = 'Use adapters that all have one rank and one alpha.'
const allLayers = 'Use adapters of the named modules in all layers.'
/** What makes of LoRA something else, which PEFT would compute differently. */
const variants: Readonly<Record<string, string>> = {
  ...{ use_rslora: 'Use adapters scaled by alpha / r.', use_dora: plainLora, lora_bias: plainLora, use_qalora: plainLora },
  ...{ rank_pattern: oneRank, alpha_pattern: oneRank },
  ...{ modules_to_save: 'Merge the saved modules into the model first: halograd reads adapters alone.' },
  ...{ layers_to_transform: allLayers, layers_pattern: allLayers, exclude_modules: allLayers, layer_replication: allLayers },
  ...{ alora_invocation_tokens: plainLora, trainable_token_indices: plainLora, target_parameters: plainLora, arrow_config: plainLora },
  megatron_config: plainLora,
}

/** Beginnings of adapters that leave the base model as it is. */
const plainBeginnings = ['gaussian', 'eva', 'orthogonal']
const changedBase =
  'Convert the adapters to plain LoRA (PEFT: save_pretrained with path_initial_model_for_weight_conversion): these began with a change of the base model.'
/** What says how adapters came to be, or where, and not what they are. */
const harmless = [
  ...[
    'task_type',
    'base_model_name_or_path',
    'inference_mode',
    'revision',
    'auto_mapping',
    'peft_version',
    'lora_dropout',
    'runtime_config',
  ],
  ...['loftq_config', 'corda_config', 'eva_config', 'qalora_group_size', 'ensure_weight_tying', 'megatron_core', 'lora_ga_config'],
]
const unknownField = 'It may change what PEFT computes. Remove it if it means nothing; otherwise use adapters without it.'
