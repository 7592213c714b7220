/**
 * How a run descends: AdamW with a schedule, under the names that TRL gives its options. The default learning rate goes by what is trained:
 *
 *     adapters   2·10⁻⁴         all N weights   ρ · min(1, 3·10⁵ / N)^0.55,  ρ by the kind of loss, for models of some hundred thousand weights
 */
import { leaves, volume } from '../../core/index.ts'
import { adamW, constantRate, constantWithWarmup, cosine, linear, type Optimizer, type Schedule } from '../../models/index.ts'
import type { SchedulerType, TrainingCommandOptions } from '../inputs/training-options.ts'

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
  /** What a run says of it at its beginning. */
  readonly line: string
}

/** Of a run of so many steps over these parameters. `small`: the rate for all weights of a small model. */
export const optimizationOf = (options: TrainingCommandOptions, parameters: unknown, steps: number, small: number): Optimization => {
  const { lora, lrSchedulerType: type = 'linear', warmupRatio = 0.1, weightDecay, adamBeta1, adamBeta2, adamEpsilon, maxGradNorm } = options
  const rate = options.lr ?? defaultRate(parameters, lora !== undefined, small)
  const warmup = type === 'constant' ? 0 : (options.warmupSteps ?? Math.round(steps * warmupRatio))
  const optimizer = adamW({
    rate: schedules[type]({ rate, warmup, steps }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(adamBeta1 === undefined ? {} : { beta1: adamBeta1 }),
    ...(adamBeta2 === undefined ? {} : { beta2: adamBeta2 }),
    ...(adamEpsilon === undefined ? {} : { epsilon: adamEpsilon }),
    ...(maxGradNorm === undefined ? {} : { maxNorm: maxGradNorm === 0 ? Number.MAX_VALUE : maxGradNorm }),
  })
  const trained = lora === undefined ? `all ${weights(parameters).toLocaleString('en')} weights` : `adapters of rank ${lora}`
  const chosen = options.lr === undefined ? ` (the default for ${trained}; --lr)` : ''
  return {
    ...{ optimizer, rate, type, warmup },
    line: `learning rate ${rate}${chosen}, ${type.replaceAll('_', ' ')}, ${warmup} steps of warm-up`,
  }
}

const weights = (parameters: unknown): number => leaves(parameters).reduce((n, { shape }) => n + volume(shape), 0)

const defaultRate = (parameters: unknown, adapters: boolean, small: number): number =>
  adapters ? 2e-4 : Number((small * Math.min(1, 3e5 / weights(parameters)) ** 0.55).toPrecision(1))
