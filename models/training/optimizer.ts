/**
 * AdamW, as a function from state and gradient to state. Loshchilov & Hutter (2019), arXiv:1711.05101.
 *
 *     m ← β₁m + (1−β₁)g    v ← β₂v + (1−β₂)g²    θ ← θ − η(m / (1−β₁ᵗ) / (√(v / (1−β₂ᵗ)) + ε) + λθ)
 */
import {
  type AnyTensor,
  add,
  div,
  fill,
  less,
  mapTree,
  minimum,
  mul,
  negate,
  paths,
  sqrt,
  square,
  sub,
  type Tensor,
  unary,
  where,
  zipTree,
} from '../../core/index.ts'
import { inner } from '../../core/internal.ts'
import type { Schedule } from './schedule.ts'

/** What a run changes, and what it needs to go on. All of it are tensors, so it can live on a device and be saved. */
export interface TrainingState<P> {
  readonly parameters: P
  /** What is remembered of gradients; of AdamW, the running means of the gradient and of its square. */
  readonly first: P
  readonly second: P
  /** Updates so far. */
  readonly step: Tensor
}

/** What a gradient does to a state. */
export interface Descent<Metrics> {
  readonly begin: <P>(parameters: P) => TrainingState<P>
  readonly update: <P>(state: TrainingState<P>, gradient: P) => readonly [TrainingState<P>, Metrics]
}
/** Where loss or gradient is not finite, the state stays as it is, and `grad_norm` tells. */
export type Optimizer = Descent<UpdateMetrics>
export interface UpdateMetrics {
  /** Of all gradients together, before clipping. */
  readonly grad_norm: Tensor
  readonly learning_rate: Tensor
}

/** AdamW's settings (Loshchilov & Hutter 2019, arXiv:1711.05101). */
export interface PlainAdamWOptions {
  readonly rate: Schedule
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  /** λ, times the learning rate: how much of a matrix is forgotten in a step. Gains and biases are not decayed. */
  readonly weightDecay?: number
}
/** AdamW's settings, with gradient clipping. */
export interface AdamWOptions extends PlainAdamWOptions {
  /** The gradient, all parameters together, is scaled down to this norm. Default 1. */
  readonly maxNorm?: number
}

/**
 * AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) with gradient clipping to `maxNorm` (default 1). A step whose gradient is not finite
 * leaves the state alone.
 * @example
 * ```ts
 * import { adamW, cosine } from 'halograd/models'
 * const optimizer = adamW({ rate: cosine({ rate: 5e-6, warmup: 10, steps: 100 }), weightDecay: 0.01 })
 * ```
 */
export const adamW = ({ maxNorm = 1, ...options }: AdamWOptions): Optimizer => guarded(plainAdamW(options), maxNorm)

/** Take the gradient scaled down to `maxNorm`, and only if it is finite. */
export const guarded = <M>({ begin, update }: Descent<M>, maxNorm: number): Descent<M & Pick<UpdateMetrics, 'grad_norm'>> => ({
  begin,
  update: (state, gradient) => {
    const norm = sqrt(inner(gradient, gradient))
    const finite = less(norm, 3e38)
    const scale = minimum(div(maxNorm, add(norm, 1e-6)), 1)
    const clipped = mapTree(gradient, (g) => mul(g, scale))
    const { parameters, first, second, step } = state // which may hold more
    const [next, metrics] = update(state, clipped)
    const kept = zipTree(next, [{ parameters, first, second, step }], (after, before) => where(finite, after!, before!))
    return [kept, { ...metrics, grad_norm: norm }]
  },
})

/**
 * AdamW as the paper defines it (Loshchilov & Hutter 2019, arXiv:1711.05101, Algorithm 2), without clipping and without a check that the gradient is
 * finite. Defaults: `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `weightDecay` 0.
 * @example
 * ```ts
 * import { constantRate, plainAdamW } from 'halograd/models'
 * const optimizer = plainAdamW({ rate: constantRate(1e-3), weightDecay: 0.1 })
 * ```
 */
export const plainAdamW = ({
  rate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
}: PlainAdamWOptions): Descent<Pick<UpdateMetrics, 'learning_rate'>> => ({
  begin: (parameters) => {
    const zeros = mapTree(parameters, (x) => fill(x.shape, 0))
    return { parameters, first: zeros, second: zeros, step: fill({}, 0) }
  },
  update: (state, gradient) => {
    const eta = rate(state.step)
    const t = add(state.step, 1)
    const unbiased = (beta: number) => negate(expm1(mul(t, Math.log(beta)))) // 1 − βᵗ
    // of each number only one quotient and one root, as PyTorch has it
    const step = div(eta, unbiased(beta1))
    const root = div(1, sqrt(unbiased(beta2)))
    const first = zipTree(state.first, [gradient], (m, g) => add(mul(m!, beta1), mul(g!, 1 - beta1)))
    const second = zipTree(state.second, [gradient], (v, g) => add(mul(v!, beta2), mul(square(g!), 1 - beta2)))
    const names = paths(state.parameters)
    let position = 0
    const parameters = zipTree(state.parameters, [first, second], (x, m, v) => {
      const direction = div(m!, add(mul(sqrt(v!), root), epsilon))
      const decay = weightDecay > 0 && isMatrix(names[position++]!, x!) ? mul(eta, weightDecay) : 0
      return sub(sub(x!, mul(x!, decay)), mul(direction, step))
    })
    return [{ parameters, first, second, step: t }, { learning_rate: eta }]
  },
})

const expm1 = unary((S) => S.expm1)

/** Everything but gains and biases. */
export const isMatrix = (path: string, { shape }: AnyTensor): boolean => !/(^|\.)(gain|bias)$/.test(path) && Object.keys(shape).length > 1
