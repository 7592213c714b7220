/**
 * Low-rank adaptation: the weights of a model stay as they are, and small adapters are trained beside them. Hu et al. (2021), arXiv:2106.09685.
 *
 *     W′ = W + (α / rank) · A B        A: input × rank, at random;  B: rank × output, 0
 *
 * While B = 0 the adapted model is the base model: the frozen base *is* the reference, and there is no second copy of it. In training W′ is never made
 * (`apply`): what is as large as the model is read, not written.
 */
import { type AnyTensor, add, type Backend, broadcastTo, dot, leaves, mapTree, mul, type Tensor, volume } from '../../core/index.ts'
import { ConfigError } from '../io/errors.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'
import type { ModelConfig } from './config.ts'
import { familyOf } from './known.ts'
import type { LowRank } from './layers.ts'
import type { Parameters } from './layout.ts'
import { drawn, type Initializer, type ParameterSpec } from './parameter-spec.ts'
import { parametersBy } from './parameters.ts'
import { fromStored, slotsOf, toStored } from './stored.ts'
import { over, type Transformer, transformer } from './transformer.ts'

/** Low-rank adapters (Hu et al. 2021, arXiv:2106.09685): W + (alpha/rank)·B·A for the target modules. */
export interface LoraOptions {
  readonly rank: number
  /** The adapters are scaled by alpha / rank. */
  readonly alpha: number
  /** Which modules to adapt, as in PEFT: their names or ends of these (`q_proj`, `self_attn.v_proj`); or a regular expression of whole names; or `all-linear`. */
  readonly targets: readonly string[] | string
}
/**
 * What PEFT adapts by default: in most families queries and values, as Hu et al. do (which GPT-2 keeps as one matrix, with the keys).
 * @throws ConfigError for a family that halograd does not have
 * @example
 * ```ts
 * import { parseConfig, usualTargets } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const targets = usualTargets(config) // ['c_attn']
 * ```
 */
export const usualTargets = (config: ModelConfig): readonly string[] => familyOf(config).loraTargets

/** What is trained: A and B of each adapted module, under the module's name; several B where the module holds several of our matrices. */
export type Adapters = Readonly<Record<string, { readonly A: Tensor<string>; readonly B: readonly Tensor<string>[] }>>

/**
 * A model of which only the adapters are parameters (Hu et al. 2021, arXiv:2106.09685).
 * @param base should be on the backend already (`evaluate` it once): programs then read it there, and it is never copied
 * @throws ConfigError for a target that the model does not have, or a rank that is not a positive integer
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { evaluate } from 'halograd/core'
 * import { adapted, initialize, initializeAdapters, parseConfig, usualTargets } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const options = { rank: 2, alpha: 4, targets: usualTargets(config) }
 * const model = adapted(config, await evaluate(reference(), initialize(config, 1)), options)
 * const adapters = initializeAdapters(config, options, 1)
 * ```
 */
export const adapted = (config: ModelConfig, base: Parameters, options: LoraOptions): Transformer<Adapters> => {
  check(config, options)
  return over(transformer(config), (adapters: Adapters) => beside(config, base, adapters, options))
}

/**
 * The weights W + (α / rank) A B of a base model and its adapters: a model that needs them no longer.
 * @param options those that the adapters were made with
 * @example
 * ```ts
 * import { initialize, initializeAdapters, merge, parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const options = { rank: 2, alpha: 4, targets: 'all-linear' }
 * const parameters = merge(config, initialize(config, 1), initializeAdapters(config, options, 1), options)
 * ```
 */
export const merge = (config: ModelConfig, base: Parameters, adapters: Adapters, options: LoraOptions): Parameters =>
  changed(config, base, adapters, options, ({ base: weight, A, B }) => broadcastTo(add(weight, dot(A, B, 'rank')), weight.shape))

/** The weights of a base model with its adapters beside them. */
const beside = (config: ModelConfig, base: Parameters, adapters: Adapters, options: LoraOptions): Parameters =>
  changed(config, base, adapters, options, (pair) => pair as unknown as AnyTensor) // where a matrix is, a matrix and its change may be: see Matrix

const changed = (
  config: ModelConfig,
  base: Parameters,
  adapters: Adapters,
  { rank, alpha }: LoraOptions,
  make: (change: LowRank<string>) => AnyTensor,
): Parameters => {
  const slots = slotsOf(parametersBy(config))
  const used = new Map<string, number>()
  return mapTree(base, (weight, i) => {
    const slot = slots[i]!
    const module = moduleOf(slot.name)
    const adapter = adapters[module]
    if (adapter === undefined || !isLinear(slot)) return weight
    const part = used.get(module) ?? 0
    used.set(module, part + 1)
    return make({ base: weight as Tensor<string>, A: mul(adapter.A, alpha / rank), B: adapter.B[part]! })
  })
}

/**
 * New adapters: A ~ N(0, 1 / input), B = 0, so that the adapted model is the base model. The same numbers for the same seed.
 * @throws ConfigError for a target that the model does not have, or a rank that is not a positive integer
 * @example
 * ```ts
 * import { initializeAdapters, parseConfig } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const adapters = initializeAdapters(config, { rank: 2, alpha: 4, targets: 'all-linear' }, 1)
 * ```
 */
export const initializeAdapters = (config: ModelConfig, options: LoraOptions, seed: number): Adapters => {
  check(config, options)
  return adaptersBy(config, options)(drawn(seed, ({ shape }) => Math.sqrt(options.rank / volume(shape))))
}

/** Adapters from the tensors of PEFT's `adapter_model.safetensors`. @throws CheckpointError */
export const adaptersFromWeights = (config: ModelConfig, options: LoraOptions, weights: Weights, file?: string): Adapters =>
  fromStored(adaptersBy(config, options), weights, file)

/** The tensors of PEFT's `adapter_model.safetensors`. */
export const adaptersToWeights = (
  backend: Backend,
  config: ModelConfig,
  options: LoraOptions,
  adapters: Adapters,
): Promise<readonly StoredTensor[]> => toStored(backend, slotsOf(adaptersBy(config, options)), leaves(adapters))

/** PEFT's `adapter_config.json`. */
export const formatAdapterConfig = (config: ModelConfig, { rank, alpha, targets }: LoraOptions, base: string) => ({
  peft_type: 'LORA',
  task_type: 'CAUSAL_LM',
  base_model_name_or_path: base,
  r: rank,
  lora_alpha: alpha,
  lora_dropout: 0,
  target_modules: targets,
  bias: 'none',
  // Whether matrices are stored [input, output].
  fan_in_fan_out: isTransposed(config),
  inference_mode: true,
})

/** Whether matrices are stored [input, output]. */
export const isTransposed = (config: ModelConfig): boolean => linearIn(config).some(({ input }) => input === 0)

// ------------------------------------------------------------------ modules

const moduleOf = (name: string): string => name.replace(/\.(weight|bias)$/, '')
const lastOf = (module: string): string => module.slice(module.lastIndexOf('.') + 1)

/** Every linear layer but the output. */
const isLinear = ({ input }: ParameterSpec): boolean => input !== undefined
const linearIn = (config: ModelConfig): readonly ParameterSpec[] => slotsOf(parametersBy(config)).filter(isLinear)

/** Whether a module is one of those meant. @throws ConfigError for what is no regular expression */
const matcher = (targets: LoraOptions['targets']): ((module: string) => boolean) => {
  if (targets === 'all-linear') return () => true
  if (typeof targets !== 'string') return (module) => targets.some((target) => module === target || module.endsWith(`.${target}`))
  try {
    const whole = new RegExp(`^(?:${targets})$`)
    return (module) => whole.test(module)
  } catch (error) {
    throw new ConfigError({
      ...{ field: 'targets', expected: 'a regular expression, a list of names, or all-linear', found: targets },
      advice: `Correct it: ${error instanceof Error ? error.message : String(error)}.`,
    })
  }
}

/** Adapters as slots under PEFT's names. Modules of several parts share their A. */
const adaptersBy =
  (config: ModelConfig, { rank, targets }: LoraOptions) =>
  (make: Initializer): Adapters => {
    const isTarget = matcher(targets)
    const modules = new Map<string, ParameterSpec[]>()
    for (const slot of linearIn(config)) {
      const module = moduleOf(slot.name)
      if (isTarget(module)) modules.set(module, [...(modules.get(module) ?? []), slot])
    }
    return Object.fromEntries([...modules].map(([module, slots]) => [module, adapterOf(`base_model.model.${module}`, slots, rank, make)]))
  }

const adapterOf = (prefix: string, slots: readonly ParameterSpec[], rank: number, make: Initializer): Adapters[string] => {
  const [{ shape, stored, input }] = slots as readonly [ParameterSpec]
  const reads = stored[input!]!
  const named = (shape: ParameterSpec['shape'], axes: readonly string[]) =>
    Object.fromEntries(Object.entries(shape).filter(([axis]) => axes.includes(axis)))
  return {
    A: make<string>({
      name: `${prefix}.lora_A.weight`,
      role: 'matrix',
      shape: { ...named(shape, reads), rank },
      stored: [['rank'], reads],
    }),
    B: slots.map(({ shape, stored, input, part, rotated }) => {
      const writes = stored[1 - input!]!
      return make<string>({
        name: `${prefix}.lora_B.weight`,
        role: 'bias',
        shape: { rank, ...named(shape, writes) },
        stored: [writes, ['rank']],
        ...(part && { part: { ...part, dimension: 0 } }),
        ...(rotated !== undefined && { rotated }),
      })
    }),
  }
}

const check = (config: ModelConfig, { rank, targets }: LoraOptions): void => {
  const modules = [...new Set(linearIn(config).map(({ name }) => moduleOf(name)))]
  const each = typeof targets === 'string' ? [targets] : targets
  const unknown = each.filter((target) => !modules.some(matcher(typeof targets === 'string' ? target : [target])))
  if (unknown.length > 0 || each.length === 0)
    throw new ConfigError({
      field: 'targets',
      expected: `some of ${[...new Set(modules.map(lastOf))].join(', ')}, a regular expression of whole names such as ${modules[0]}, or all-linear`,
      found: unknown.join(', ') || 'none',
      advice: 'Name modules of this model.',
    })
  if (!Number.isInteger(rank) || rank < 1)
    throw new ConfigError({ field: 'rank', expected: 'a positive integer', found: String(rank), advice: 'Use a rank such as 8.' })
}
