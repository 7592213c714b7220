/**
 * Low-rank adaptation: the weights of a model stay as they are, and small adapters are trained beside them. Hu et al. (2021), arXiv:2106.09685.
 *
 *     W′ = W + (α / rank) · A B        A: input × rank, at random;  B: rank × output, 0
 *
 * While B = 0 the adapted model is the base model: the frozen base *is* the reference, and there is no second copy of it. In training W′ is never made
 * (`apply`): what is as large as the model is read, not written.
 */
import { type AnyTensor, add, at, type Backend, broadcastTo, dot, leaves, mapTree, mul, type Tensor, volume } from '../../core/index.ts'
import { ConfigError } from '../io/errors.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'
import type { ModelConfig } from './config.ts'
import type { LowRank } from './layers.ts'
import { drawn, type Initializer, type ParameterSpec } from './parameter-spec.ts'
import { type Parameters, parametersBy } from './parameters.ts'
import { fromStored, slotsOf, toStored } from './stored.ts'
import { over, type Transformer, transformer } from './transformer.ts'

export interface LoraOptions {
  readonly rank: number
  /** The adapters are scaled by alpha / rank. */
  readonly alpha: number
  /** Last parts of the names of the modules to adapt, as in PEFT: `q_proj`, `v_proj`, `c_attn`, … */
  readonly targets: readonly string[]
}
/** What Hu et al. adapt: queries and values (which GPT-2 keeps as one, with the keys). */
export const usualTargets = ({ family }: ModelConfig): readonly string[] => (family === 'llama' ? ['q_proj', 'v_proj'] : ['c_attn'])

/** What is trained: A and B of each adapted module, under the module's name. */
export type Adapters = Readonly<Record<string, { readonly A: Tensor<string>; readonly B: Tensor<string> }>>

/**
 * A model of which only the adapters are parameters. The base had better live on the backend (`evaluate` it once): it is read from there, never copied.
 * @throws ConfigError for a target that the model does not have, or a rank that is not a positive integer
 */
export const adapted = (config: ModelConfig, base: Parameters, options: LoraOptions): Transformer<Adapters> => {
  check(config, options)
  return over(transformer(config), (adapters: Adapters) => beside(config, base, adapters, options))
}

/** The weights W′ of a base model and its adapters: what to save to be without them. */
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
  return mapTree(base, (weight, i) => {
    const { name, part } = slots[i]!
    const adapter = adapters[moduleOf(name)]
    if (adapter === undefined || !name.endsWith('.weight')) return weight
    const B = part === undefined ? adapter.B : at(adapter.B, 'part', part.index)
    return make({ base: weight as Tensor<string>, A: mul(adapter.A, alpha / rank), B })
  })
}

/** New adapters: A ~ N(0, 1 / input), B = 0. */
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
export const formatAdapterConfig = ({ family }: ModelConfig, { rank, alpha, targets }: LoraOptions, base: string) => ({
  peft_type: 'LORA',
  task_type: 'CAUSAL_LM',
  base_model_name_or_path: base,
  r: rank,
  lora_alpha: alpha,
  lora_dropout: 0,
  target_modules: targets,
  bias: 'none',
  // Whether matrices are stored [input, output].
  fan_in_fan_out: family === 'gpt2',
  inference_mode: true,
})

// ------------------------------------------------------------------ modules

const moduleOf = (name: string): string => name.replace(/\.(weight|bias)$/, '')
const lastOf = (module: string): string => module.slice(module.lastIndexOf('.') + 1)

/** The matrices inside blocks: each has the residual stream on one side. */
const isLinear = ({ name, role, shape }: ParameterSpec): boolean =>
  name.endsWith('.weight') && (role === 'matrix' || role === 'residual') && !('vocab' in shape) && !('position' in shape)

/** Adapters as slots under PEFT's names. Modules of several parts share their A. */
const adaptersBy =
  (config: ModelConfig, { rank, targets }: LoraOptions) =>
  (make: Initializer): Adapters => {
    const adapters: Record<string, Adapters[string]> = {}
    for (const slot of slotsOf(parametersBy(config))) {
      const module = moduleOf(slot.name)
      if (!isLinear(slot) || !targets.includes(lastOf(module)) || Object.hasOwn(adapters, module)) continue
      const { shape, stored, part } = slot
      const [input, output] = [stored.find(reads(slot))!, stored.find((axes) => !reads(slot)(axes))!]
      const named = (axes: readonly string[]) => Object.fromEntries(axes.map((axis) => [axis, shape[axis]!]))
      const parts = part === undefined ? {} : { part: part.of }
      const prefix = `base_model.model.${module}`
      adapters[module] = {
        A: make<string>({ name: `${prefix}.lora_A.weight`, role: 'matrix', shape: { ...named(input), rank }, stored: [['rank'], input] }),
        B: make<string>({
          name: `${prefix}.lora_B.weight`,
          role: 'bias',
          shape: { rank, ...parts, ...named(output) },
          stored: [[...Object.keys(parts), ...output], ['rank']],
        }),
      }
    }
    return adapters
  }

/** A matrix that writes to the residual stream reads everything else; any other reads the stream. */
const reads =
  ({ role }: ParameterSpec) =>
  (axes: readonly string[]): boolean =>
    axes.includes('embed') === (role !== 'residual')

const check = (config: ModelConfig, { rank, targets }: LoraOptions): void => {
  const modules = [
    ...new Set(
      slotsOf(parametersBy(config))
        .filter(isLinear)
        .map(({ name }) => lastOf(moduleOf(name))),
    ),
  ]
  const unknown = targets.filter((target) => !modules.includes(target))
  if (unknown.length > 0 || targets.length === 0)
    throw new ConfigError({
      field: 'targets',
      expected: `some of ${modules.join(', ')}`,
      found: unknown.join(', ') || 'none',
      advice: 'Name modules of this model.',
    })
  if (!Number.isInteger(rank) || rank < 1)
    throw new ConfigError({ field: 'rank', expected: 'a positive integer', found: String(rank), advice: 'Use a rank such as 8.' })
}
