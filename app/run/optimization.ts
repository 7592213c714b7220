/**
 * How a run descends: AdamW with a schedule, under the names that TRL gives its options. The default learning rate goes by what is trained:
 *
 *     adapters   2·10⁻⁴         all N weights   ρ · min(1, 3·10⁵ / N)^0.55,  ρ by the kind of loss, for models of some hundred thousand weights
 */
import { leaves, volume } from '../../core/index.ts'
import {
  adafactor,
  adamW,
  constantRate,
  constantWithWarmup,
  cosine,
  linear,
  type Optimizer,
  type Schedule,
  sgd,
} from '../../models/index.ts'
import { defaultOf, isModule } from '../inputs/modules.ts'
import type { SchedulerType, TrainingCommandOptions } from '../inputs/training-options.ts'
import { UsageError } from '../terminal/errors.ts'

const schedules = {
  linear,
  cosine,
  constant: ({ rate }: { readonly rate: number }): Schedule => constantRate(rate),
  constant_with_warmup: constantWithWarmup,
} as const satisfies Readonly<Record<SchedulerType, unknown>>

export interface Optimization {
  readonly optimizer: Optimizer
  readonly rate: number
  readonly type: SchedulerType
  /** Steps of warm-up. */
  readonly warmup: number
  /** The line that a run prints at its beginning. */
  readonly line: string
}

/** For a run of `steps` steps over these parameters. `small`: the rate for all weights of a small model. */
export const optimizationOf = (
  options: TrainingCommandOptions,
  parameters: unknown,
  steps: number,
  small: number,
  own?: OwnOptimizer,
): Optimization => {
  const { lora, lrSchedulerType: type = 'linear', warmupRatio = 0.1 } = options
  const rate = options.lr ?? defaultRate(parameters, lora !== undefined, small)
  const warmup = type === 'constant' ? 0 : (options.warmupSteps ?? Math.round(steps * warmupRatio))
  const optimizer = optimizerOf(options, schedules[type]({ rate, warmup, steps }), steps, own)
  const trained = lora === undefined ? `all ${weights(parameters).toLocaleString('en')} weights` : `adapters of rank ${lora}`
  const chosen = options.lr === undefined ? ` (the default for ${trained}; --lr)` : ''
  return {
    ...{ optimizer, rate, type, warmup },
    line: `${options.optimizer}, learning rate ${rate}${chosen}, ${type.replaceAll('_', ' ')}, ${warmup} steps of warm-up`,
  }
}

/** What an optimizer of the user's own is made from. */
export interface OptimizerRequest {
  readonly rate: Schedule
  readonly steps: number
  readonly weightDecay: number
  /** The gradient, all parameters together, is to be scaled down to this norm. */
  readonly maxNorm: number
}
export type OwnOptimizer = (request: OptimizerRequest) => Optimizer

/** The optimizer of a file. @throws UsageError */
export const loadOptimizer = async (name: string): Promise<OwnOptimizer | undefined> => {
  if (!isModule(name)) return undefined
  const own = await defaultOf(name, '--optimizer')
  if (typeof own !== 'function')
    throw new UsageError(
      `--optimizer: expected ${name} to export a function by default: ({ rate, steps, weightDecay, maxNorm }) => { begin, update }`,
    )
  return (request) => own(request)
}

const optimizerOf = (options: TrainingCommandOptions, rate: Schedule, steps: number, own?: OwnOptimizer): Optimizer => {
  const { optimizer: name, weightDecay = 0, adamBeta1, adamBeta2, adamEpsilon, maxGradNorm = 1 } = options
  const shared = { rate, weightDecay, maxNorm: maxGradNorm === 0 ? Number.MAX_VALUE : maxGradNorm }
  if (own !== undefined) return own({ ...shared, steps })
  switch (name) {
    case 'adafactor':
      return adafactor(shared)
    case 'sgd':
      return sgd(shared)
    default:
      return adamW({
        ...shared,
        ...(adamBeta1 !== undefined && { beta1: adamBeta1 }),
        ...(adamBeta2 !== undefined && { beta2: adamBeta2 }),
        ...(adamEpsilon !== undefined && { epsilon: adamEpsilon }),
      })
  }
}

const weights = (parameters: unknown): number => leaves(parameters).reduce((n, { shape }) => n + volume(shape), 0)

const defaultRate = (parameters: unknown, adapters: boolean, small: number): number =>
  adapters ? 2e-4 : Number((small * Math.min(1, 3e5 / weights(parameters)) ** 0.55).toPrecision(1))
