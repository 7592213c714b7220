/**
 * Adafactor: the second moment of a matrix as a mean of each row and of each column, so a third of AdamW's memory. Shazeer & Stern (2018),
 * arXiv:1804.04235, Algorithm 4, with an external learning rate and without momentum.
 *
 *     β = 1 − t^−0.8    R ← βR + (1−β) mean_col(g² + ε)    C ← βC + (1−β) mean_row(g² + ε)    V = R C / mean R
 *     u = g / √V        θ ← θ − η (u / max(1, RMS u) + λθ)
 */
import {
  type AnyTensor,
  add,
  div,
  exp,
  fill,
  log,
  mapTree,
  maximum,
  mean,
  mul,
  paths,
  sqrt,
  square,
  sub,
  type Tensor,
  zipTree,
} from '../../core/index.ts'
import { guarded, isMatrix, type Optimizer } from './optimizer.ts'
import type { Schedule } from './schedule.ts'

/** Settings of Adafactor. */
export interface AdafactorOptions {
  readonly rate: Schedule
  /** λ, times the learning rate: decoupled decay of matrices. Default 0. */
  readonly weightDecay?: number
  /** The gradient, all parameters together, is scaled down to this norm. Default 1. */
  readonly maxNorm?: number
}

/** ε₁: added to squares. */
const epsilon = 1e-30

/**
 * Adafactor (Shazeer & Stern 2018, arXiv:1804.04235, Algorithm 4) with an external learning rate and gradient clipping to `maxNorm` (default 1). Tensors
 * with fewer than two axes keep a whole second moment. A step whose gradient is not finite leaves the state alone.
 * @example
 * ```ts
 * import { adafactor, constantRate } from 'halograd/models'
 * const optimizer = adafactor({ rate: constantRate(1e-3) })
 * ```
 */
export const adafactor = ({ rate, weightDecay = 0, maxNorm = 1 }: AdafactorOptions): Optimizer =>
  guarded(
    {
      begin: (parameters) => ({
        parameters,
        first: mapTree(parameters, (x) => fill(without(x, lastAxes(x)[1]), 0)), // rows
        second: mapTree(parameters, (x) => fill(without(x, lastAxes(x)[0]), 0)), // columns
        step: fill({}, 0),
      }),
      update: (state, gradient) => {
        const eta = rate(state.step)
        const step = add(state.step, 1)
        const kept = sub(1, exp(mul(log(step), -0.8)))
        const squares = mapTree(gradient, (g) => add(square(g), epsilon))
        const blend = (before: AnyTensor, now: AnyTensor) => add(mul(before, kept), mul(now, sub(1, kept)))
        const first = zipTree(state.first, [squares], (r, g) => blend(r!, over(g!, lastAxes(g!)[1])))
        const second = zipTree(state.second, [squares], (c, g) => blend(c!, over(g!, lastAxes(g!)[0])))
        const names = paths(state.parameters)
        let position = 0
        const parameters = zipTree(state.parameters, [gradient, first, second], (x, g, r, c) => {
          const [row] = lastAxes(x!)
          const variance = row === undefined ? r! : div(mul(r!, c!), over(r!, row))
          const direction = div(g!, sqrt(variance))
          const rms = sqrt(mean(square(direction), ...Object.keys(direction.shape)))
          const decay = weightDecay > 0 && isMatrix(names[position++]!, x!) ? mul(eta, weightDecay) : 0
          return sub(sub(x!, mul(x!, decay)), mul(div(direction, maximum(rms, 1)), eta))
        })
        return [{ parameters, first, second, step }, { learning_rate: eta }]
      },
    },
    maxNorm,
  )

/** The row and column axes of a matrix: its last two; none of what has fewer. */
const lastAxes = ({ shape }: AnyTensor): readonly [row: string, column: string] | readonly [undefined, undefined] => {
  const [column, row] = Object.keys(shape).reverse()
  return row === undefined || column === undefined ? [undefined, undefined] : [row, column]
}

const without = ({ shape }: AnyTensor, axis: string | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(shape).filter(([name]) => name !== axis))

const over = (x: AnyTensor, axis: string | undefined): AnyTensor => (axis === undefined ? x : mean(x as Tensor<string>, axis))
