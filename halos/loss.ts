/**
 * A loss, as a trainer sees it: a plain value that says what evidence it needs, and maps that evidence to expressions.
 *
 *     const loss: Loss<Everything>                            // any loss of the catalogue
 *     loss.needs                                              // { pair, outcome, label, unrelated, reference, length, … }
 *     const { loss: L, rewards } = loss.evaluate(batch)       // Tensor, to be differentiated; metrics
 *
 * A loss whose reference point is a statistic of the whole batch (KTO's z₀) also has `statistic`. Under gradient accumulation
 * or several workers, add the statistics of all micro-batches with `pool`, and give the sum to `evaluate` of each:
 *
 *     const pooled = microBatches.map((b) => loss.statistic(b)).reduce(pool)
 *     const outcomes = microBatches.map((b) => loss.evaluate(b, pooled))
 *     L = lossOf(outcomes)                                                      // exactly the loss of the whole batch
 */
import { add, div, fill, mul, size, sum, type Tensor } from '../core/index.ts'
import type { Everything, Needs } from './evidence.ts'
import type { TokenReading } from './reading.ts'
import type { TextSource } from './source.ts'

/** A loss as a trainer sees it: what evidence it needs, and how evidence becomes expressions. Evidence has the axis `example`. */
export interface Loss<in E> {
  /** How it came to be: declared by `halo`, a HALO seen through other evidence, or stated without a declaration. Absent: nothing is known. */
  readonly kind?: 'halo' | 'view' | 'stated'
  /** As the literature calls it: 'KTO'. */
  readonly name: string
  readonly source: TextSource
  readonly needs: Needs
  /** How completions are made of their tokens, where that is not the sum of their log-probabilities: the evidence is what was read so. */
  readonly tokens?: TokenReading
  /** What evaluating must know of the whole batch; absent where each example stands for itself. */
  readonly statistic?: (evidence: E) => Statistic
  /** `pooled` is the statistic of the whole batch, of which the evidence may be a part. Default: the evidence is the batch. */
  readonly evaluate: (evidence: E, pooled?: Statistic) => Outcome
}
/** A loss whose evidence is known only at run time. */
export type AnyLoss = Loss<Everything>

/** What a loss computes of a batch: the loss to differentiate, the losses and rewards of the examples, and what metrics are made of. */
export interface Outcome {
  /** Σ over the terms of Σ numerator / Σ denominator. No axes: what is differentiated. */
  readonly loss: Tensor
  readonly losses: Tensor<'example'>
  /** The means that the loss is the sum of: one, but for mixtures. */
  readonly terms: readonly Term[]
  /** r_θ(x, y) of every completion that was judged: `outcome`, or `chosen` and `rejected`. */
  readonly rewards: Rewards
  /** z = s·(r − E_Q r), at which the value function was taken. Absent for what is not a HALO. */
  readonly relativeReward?: Tensor<'example'>
  /** |v′| there, as a multiple of |v′(0)|: how much of its slope the value function has left. */
  readonly steepness?: Tensor<'example'>
  /** The reference point, where it is one number for the whole batch: KTO's z₀, BCO's δ. */
  readonly z0?: Tensor
  /** The same in nats: z₀/β, the estimate of KL(π_θ‖π_ref). */
  readonly kl?: Tensor
}
/** A mean that is not yet divided, example by example: Σ numerator / Σ denominator. What weighs an example weighs both. */
export interface Term {
  /** What it is called in a mixture. */
  readonly name?: string
  readonly numerator: Tensor<'example'>
  /** 1; for SFT the number of tokens. */
  readonly denominator: Tensor<'example'>
}
/** The rewards r_θ(x, y) of a batch: of judged completions, or of the chosen and the rejected ones. */
export interface Rewards {
  readonly outcome?: Tensor<'example'>
  readonly chosen?: Tensor<'example'>
  readonly rejected?: Tensor<'example'>
}

/** A mean that is not yet divided: statistics of parts add up to the statistic of the whole. */
export interface Statistic {
  readonly sum: Tensor
  readonly count: Tensor
}
/**
 * The statistic of two parts of a batch together: sums and counts add up.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { pool } from 'halograd/halos'
 * const part = (sum: number, count: number) => ({ sum: tensor({}, [sum]), count: tensor({}, [count]) })
 * console.log([...(await read(reference(), pool(part(3, 2), part(4, 1)).sum))]) // [ 7 ]
 * ```
 */
export const pool = (a: Statistic, b: Statistic): Statistic => ({ sum: add(a.sum, b.sum), count: add(a.count, b.count) })

/** Σ w · numerator and Σ w · denominator of each term of the loss. `weight` is how much each example counts. Default: 1 each. */
export const totalsOf = ({ terms }: Pick<Outcome, 'terms'>, weight?: Tensor<'example'>): readonly Statistic[] => {
  const total = (x: Tensor<'example'>): Tensor => sum(weight === undefined ? x : mul(x, weight), 'example')
  return terms.map(({ numerator, denominator }) => ({ sum: total(numerator), count: total(denominator) }))
}
/** The loss that these totals are: the sum of their means. */
export const divided = (totals: readonly Statistic[]): Tensor => totals.map(({ sum, count }) => div(sum, count)).reduce((a, b) => add(a, b))

/**
 * The loss of a batch from the outcomes of its parts: every term is summed over all parts before it is divided. No axes.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { dpo, getOrThrow, lossOf } from 'halograd/halos'
 * const per = (...xs: number[]) => tensor({ example: xs.length }, xs)
 * const pair = (w: number) => ({ chosen: { policy: per(w), reference: per(w) }, rejected: { policy: per(-9), reference: per(-9) } })
 * const loss = getOrThrow(dpo())
 * const whole = lossOf([loss.evaluate(pair(-5)), loss.evaluate(pair(-7))])
 * const [total] = await read(reference(), whole)
 * console.log(total?.toFixed(4)) // 0.6931
 * ```
 */
export const lossOf = (parts: readonly Pick<Outcome, 'terms'>[]): Tensor =>
  divided(parts.map((part) => totalsOf(part)).reduce((a, b) => a.map((total, k) => pool(total, b[k]!))))
type MeanStatistic = Pick<Outcome, 'loss' | 'losses' | 'terms'>
/** What these terms add up to, and the losses of the examples. */
export const summed = (losses: Tensor<'example'>, ...terms: readonly Term[]): MeanStatistic => ({
  loss: lossOf([{ terms }]),
  losses,
  terms,
})
/**
 * The mean over examples of a loss that has one number for each, as an outcome reports it: `loss`, `losses` and the one term.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { meanOf } from 'halograd/halos'
 * const { loss } = meanOf(tensor({ example: 2 }, [1, 3]))
 * console.log([...(await read(reference(), loss))]) // [ 2 ]
 * ```
 */
export const meanOf = (losses: Tensor<'example'>): MeanStatistic => summed(losses, { numerator: losses, denominator: ones(losses) })
export const ones = (like: Tensor<'example'>): Tensor<'example'> => fill({ example: size(like, 'example') }, 1)
