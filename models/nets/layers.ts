/**
 * What both families of transformers are made of. Axes: `batch`; `seq`, the tokens at hand; `past`, the tokens they may look at;
 * `embed`, the residual stream; `hidden`; `vocab`; `head`, and inside a head `key`.
 */
import {
  type AnyTensor,
  add,
  broadcastTo,
  div,
  dot,
  less,
  mean,
  mul,
  softmax,
  sqrt,
  square,
  sub,
  type Tensor,
  unary,
  where,
} from '../../core/index.ts'
import type { ForwardContext } from './forward-context.ts'

export type Tokens = Tensor<'batch' | 'seq'>
export type Stream = Tensor<'batch' | 'seq' | 'embed'>
export type Logits = Tensor<'batch' | 'seq' | 'vocab'>

/** A matrix of weights; or one that stays as it is, with a change of low rank beside it. */
export type Matrix<A extends string> = Tensor<A> | LowRank<A>
export interface LowRank<A extends string> {
  readonly base: Tensor<A>
  /** What `base` reads × rank, and rank × what it gives. */
  readonly A: Tensor<string>
  readonly B: Tensor<string>
}

/** x W; or x (W + A B) = x W + (x A) B: the sum of the matrices, which is as large as W, is never made, and neither is its gradient. */
export const apply = <X extends string, A extends string, N extends X & A>(
  x: Tensor<X>,
  matrix: Matrix<A>,
  ...over: readonly N[]
): Tensor<Exclude<X | A, N>> => {
  if (!('base' in matrix)) return dot(x, matrix, ...over)
  const unchanged = dot(x, matrix.base, ...over)
  const narrow: AnyTensor = dot(x, matrix.A, ...over)
  return broadcastTo(add(unchanged, dot(narrow, matrix.B, 'rank')), unchanged.shape)
}

/** gain · x / √(mean x² + ε). Zhang & Sennrich (2019), arXiv:1910.07467. */
export const rmsNorm = (gain: Tensor<'embed'>, x: Stream, epsilon: number): Stream =>
  mul(div(x, sqrt(add(mean(square(x), 'embed'), epsilon))), gain)

export interface LayerNorm {
  readonly gain: Tensor<'embed'>
  readonly bias: Tensor<'embed'>
}
/** gain · (x − mean x) / √(variance x + ε) + bias. Ba, Kiros & Hinton (2016), arXiv:1607.06450. */
export const layerNorm = ({ gain, bias }: LayerNorm, x: Stream, epsilon: number): Stream => {
  const centred = sub(x, mean(x, 'embed'))
  return add(mul(div(centred, sqrt(add(mean(square(centred), 'embed'), epsilon))), gain), bias)
}

/** softmax over the past of scores / √(key size), where no token sees a later one (and some are dropped). The mask is a word on positions, never an array. */
export const causalWeights = <A extends string>(scores: Tensor<A | 'seq' | 'past'>, keySize: number, pass: ForwardContext): typeof scores =>
  pass.drop(softmax(where(less(pass.positions, pass.past), -1e30, mul(scores, keySize ** -0.5)), 'past'))

/** GPT-2's approximation of x · Φ(x): ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Hendrycks & Gimpel (2016), arXiv:1606.08415. */
export const geluTanh = unary((S) => (x) => {
  const cubic = S.mul(x, S.add(S.of(1), S.mul(S.of(0.044715), S.mul(x, x))))
  return S.mul(S.mul(S.of(0.5), x), S.add(S.of(1), S.tanh(S.mul(S.of(Math.sqrt(2 / Math.PI)), cubic))))
})
