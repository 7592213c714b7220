/**
 * What transformers are made of. Axes: `batch`; `seq`, the tokens at hand; `past`, the tokens they may look at; `embed`, the residual stream;
 * `hidden`; `vocab`; `head`, the heads of keys and values, each shared by a `group` of queries; inside a head `key`, or where RoPE rotates it,
 * `half` × `pair`.
 */
import {
  type AnyTensor,
  add,
  broadcastTo,
  div,
  dot,
  gelu,
  less,
  mean,
  mul,
  relu,
  silu,
  softmax,
  sqrt,
  square,
  sub,
  type Tensor,
  tanh,
  unary,
  where,
} from '../../core/index.ts'
import type { Activation } from './config.ts'
import type { ForwardContext } from './forward-context.ts'

export type TokenIds = Tensor<'batch' | 'seq'>
export type ResidualStream = Tensor<'batch' | 'seq' | 'embed'>
export type Logits = Tensor<'batch' | 'seq' | 'vocab'>

/** A matrix of weights; or one that stays as it is, with a change of low rank beside it. */
export type WeightMatrix<A extends string> = Tensor<A> | LowRank<A>
export interface LowRank<A extends string> {
  readonly base: Tensor<A>
  /** What `base` reads × rank, and rank × what it gives. */
  readonly A: Tensor<string>
  readonly B: Tensor<string>
}
export interface LinearWeights<In extends string, Out extends string> {
  readonly weight: WeightMatrix<In | Out>
  readonly bias?: Tensor<Out>
}

/** x W; or x (W + A B) = x W + (x A) B: the sum of the matrices, which is as large as W, is never made, and neither is its gradient. */
export const apply = <X extends string, A extends string, N extends X & A>(
  x: Tensor<X>,
  matrix: WeightMatrix<A>,
  ...over: readonly N[]
): Tensor<Exclude<X | A, N>> => {
  if (!('base' in matrix)) return dot(x, matrix, ...over)
  const unchanged = dot(x, matrix.base, ...over)
  const narrow: AnyTensor = dot(x, matrix.A, ...over)
  return broadcastTo(add(unchanged, dot(narrow, matrix.B, 'rank')), unchanged.shape)
}

/** x W + b, summed over the axes `over`, which are those that W reads. */
export const affine = <X extends string, In extends X, Out extends string>(
  x: Tensor<X>,
  { weight, bias }: LinearWeights<In, Out>,
  ...over: readonly In[]
): Tensor<Exclude<X, In> | Out> => {
  const product: AnyTensor = apply(x, weight as unknown as WeightMatrix<string>, ...(over as readonly never[])) // a checked contraction: `over` are axes of both
  return (bias === undefined ? product : add(product, bias)) as Tensor<Exclude<X, In> | Out>
}

/** How numbers are brought to one scale: `rms` divides by their root mean square, `layer` subtracts their mean before. */
export interface Normalization {
  readonly kind: 'rms' | 'layer'
  readonly epsilon: number
  /** The gain is stored less one (Gemma). */
  readonly plusOne?: boolean
}
export interface Norm {
  readonly gain?: Tensor<string>
  readonly bias?: Tensor<string>
}
/**
 * gain · x / √(mean x² + ε), of x or of x − mean x, + bias; means over the axes `over`. Zhang & Sennrich (2019), arXiv:1910.07467;
 * Ba, Kiros & Hinton (2016), arXiv:1607.06450.
 */
export const normalize = <A extends string>(
  x: Tensor<A>,
  { gain, bias }: Norm,
  { kind, epsilon, plusOne = false }: Normalization,
  ...over: readonly A[]
): Tensor<A> => {
  const given = x as unknown as Tensor<string> // whose axes the result has, and no others
  const centred = kind === 'layer' ? sub(given, mean(given, ...over)) : given
  const scaled = div(centred, sqrt(add(mean(square(centred), ...over), epsilon)))
  const stretched = gain === undefined ? scaled : mul(scaled, plusOne ? add(gain, 1) : gain)
  return (bias === undefined ? stretched : add(stretched, bias)) as unknown as Tensor<A>
}

export interface ScoreSpec {
  /** What products of queries and keys are multiplied by. */
  readonly scale: number
  /** Scores s become cap · tanh(s / cap). */
  readonly cap?: number | undefined
  /** A token sees so many tokens, itself included. */
  readonly window?: number | undefined
}
/** softmax over the past of the scores, where no token sees a later one (and some are dropped). The mask is an expression of positions, never an array. */
export const causalWeights = <A extends string>(
  products: Tensor<A | 'seq' | 'past'>,
  { scale, cap, window }: ScoreSpec,
  { positions, past, drop }: ForwardContext,
): typeof products => {
  const scaled = scale === 1 ? products : mul(products, scale)
  const capped = cap === undefined ? scaled : softCap(scaled, cap)
  const near = window === undefined ? capped : where(less(past, sub(positions, window - 1)), -1e30, capped)
  return drop(softmax(where(less(positions, past), -1e30, near), 'past')) as typeof products
}

/** cap · tanh(x / cap): numbers stay between −cap and cap. */
export const softCap = <A extends string>(x: Tensor<A>, cap: number): Tensor<A> => mul(tanh(mul(x, 1 / cap)), cap) as Tensor<A>

/** GPT-2's approximation of x · Φ(x): ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Hendrycks & Gimpel (2016), arXiv:1606.08415. */
export const geluTanh = unary((S) => (x) => {
  const cubic = S.mul(x, S.add(S.of(1), S.mul(S.of(0.044715), S.mul(x, x))))
  return S.mul(S.mul(S.of(0.5), x), S.add(S.of(1), S.tanh(S.mul(S.of(Math.sqrt(2 / Math.PI)), cubic))))
})

export const activate: Readonly<Record<Activation, <A extends string>(x: Tensor<A>) => Tensor<A>>> = { gelu, geluTanh, silu, relu }
