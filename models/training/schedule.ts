/**
 * Learning rates as expressions of the step counter (0 at the first update), so that one compiled program serves all steps.
 *
 *     warm-up:  rate · (step + 1) / warmup        then down to rate · floor at the last step: a line, or half a cosine
 */
import { add, cos, div, maximum, minimum, mul, sub, type Tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'

/** A learning rate: a function of the step, counted from 0, both scalar tensors. */
export type Schedule = (step: Tensor) => Tensor

/** A rate that rises during the warm-up, then falls until the last step. */
export interface ScheduleOptions {
  /** The largest learning rate. */
  readonly rate: number
  /** Steps over which the rate rises to it. Default 0. */
  readonly warmup?: number
  /** All steps of the run, the warm-up included. */
  readonly steps: number
  /** What the last step has left of the rate, as a fraction. Default 0. */
  readonly floor?: number
}

/**
 * The same learning rate at every step.
 * @example
 * ```ts
 * import { adamW, constantRate } from 'halograd/models'
 * const optimizer = adamW({ rate: constantRate(1e-3) })
 * ```
 */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    constant(rate)

/**
 * Linear warm-up over `warmup` steps (default 0), then no change.
 * @example
 * ```ts
 * import { adamW, constantWithWarmup } from 'halograd/models'
 * const optimizer = adamW({ rate: constantWithWarmup({ rate: 1e-3, warmup: 10, steps: 100 }) })
 * ```
 */
export const constantWithWarmup = ({ rate, warmup = 0, steps }: Omit<ScheduleOptions, 'floor'>): Schedule =>
  decaying({ rate, warmup, steps }, () => constant(1))

/**
 * Linear warm-up over `warmup` steps (default 0), then linearly down to `floor` (default 0) of the rate.
 * @example
 * ```ts
 * import { adamW, linear } from 'halograd/models'
 * const optimizer = adamW({ rate: linear({ rate: 5e-6, warmup: 10, steps: 100 }) })
 * ```
 */
export const linear = ({ rate, warmup = 0, steps, floor = 0 }: ScheduleOptions): Schedule =>
  decaying({ rate, warmup, steps }, (done) => sub(1, mul(done, 1 - floor)))

/**
 * Linear warm-up over `warmup` steps (default 0), then down along half a cosine to `floor` (default 0) of the rate. Loshchilov & Hutter (2017),
 * arXiv:1608.03983.
 * @example
 * ```ts
 * import { adamW, cosine } from 'halograd/models'
 * const optimizer = adamW({ rate: cosine({ rate: 5e-6, warmup: 10, steps: 100 }) })
 * ```
 */
export const cosine = ({ rate, warmup = 0, steps, floor = 0 }: ScheduleOptions): Schedule =>
  decaying({ rate, warmup, steps }, (done) => add(floor, mul(add(1, cos(mul(done, Math.PI))), (1 - floor) / 2)))

/** `left` of the rate, as a function of the fraction of the decay that is done. */
const decaying =
  ({ rate, warmup, steps }: Required<Omit<ScheduleOptions, 'floor'>>, left: (done: Tensor) => Tensor): Schedule =>
  (step) => {
    const done = minimum(div(maximum(sub(step, warmup), 0), Math.max(steps - warmup, 1)), 1)
    const risen = minimum(div(add(step, 1), Math.max(warmup, 1)), 1)
    return mul(mul(left(done), risen), rate)
  }
