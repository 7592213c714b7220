/**
 * The decoder-only transformer, once for all families: what its `Architecture` says, computed with its parameters.
 * Radford et al. (2019), "Language models are unsupervised multitask learners"; Touvron et al. (2023), arXiv:2302.13971.
 */
import { type AnyTensor, add, checkpoint, dot, mul, rename, type Tensor, take } from '../../core/index.ts'
import type { Architecture, AttentionSpec, FeedForwardSpec, HeadNormSpec, LayerSpec, NormSpec } from './architecture.ts'
import type { ForwardContext } from './forward-context.ts'
import { activate, affine, causalWeights, type Norm, normalize, type ResidualStream, type TokenIds } from './layers.ts'
import type { Attention, Coordinate, FeedForward, Layer, Parameters, QueryHead } from './layout.ts'
import { type Rope, type Rotate, rotation } from './rope.ts'

/** Keys (rotated, where they rotate) and values of every position so far. */
export interface LayerCache {
  readonly keys: Tensor<'batch' | 'head' | 'past' | Coordinate>
  readonly values: Tensor<'batch' | 'head' | 'past' | 'key'>
}
/** Those of every layer. */
export type KVCache = readonly LayerCache[]

/** The normalized residual stream, of which logits and heads are linear functions, and the keys and values to remember. */
export const decode = (
  architecture: Architecture,
  p: Parameters,
  tokens: TokenIds,
  pass: ForwardContext,
  cache?: KVCache,
): readonly [ResidualStream, KVCache] => {
  const rotations = new Map<Rope, Rotate>()
  for (const { attention } of architecture.layers)
    if (attention.rope !== undefined && !rotations.has(attention.rope)) rotations.set(attention.rope, rotation(attention.rope, pass))
  const remembered: LayerCache[] = []
  let x = embed(architecture, p, tokens, pass)
  architecture.layers.forEach((spec, i) => {
    const rotate = spec.attention.rope && rotations.get(spec.attention.rope)
    const [y, kept] = layer(spec, p.blocks[i]!, checkpoint(x), pass, rotate, cache?.[i])
    remembered.push(kept)
    x = y
  })
  const last = normed(architecture.norm, p.norm, x)
  return [p.outOf === undefined ? last : rename(affine(last, p.outOf, 'embed'), 'narrow', 'embed'), remembered]
}

const embed = (
  { embeddingScale: scale, position }: Architecture,
  p: Parameters,
  tokens: TokenIds,
  pass: ForwardContext,
): ResidualStream => {
  const words = take(p.token, 'vocab', tokens)
  const scaled = scale === undefined ? words : mul(words, scale)
  const wide = p.into === undefined ? scaled : affine(rename(scaled, 'embed', 'narrow'), p.into, 'narrow')
  return pass.drop(p.position === undefined ? wide : add(wide, pass.place(p.position, position?.offset ?? 0)))
}

/** One layer: the stream after attention and feed-forward, and the keys and values to remember. */
export const layer = (
  spec: LayerSpec,
  p: Layer,
  x: ResidualStream,
  pass: ForwardContext,
  rotate?: Rotate,
  cache?: LayerCache,
): readonly [ResidualStream, LayerCache] => {
  const { residualScale: scale } = spec
  const added = (to: ResidualStream, branch: ResidualStream): ResidualStream => {
    const dropped = pass.drop(branch)
    return add(to, scale === undefined ? dropped : mul(dropped, scale))
  }
  const [attended, remembered] = attend(spec.attention, p.attention, x, pass, rotate, cache)
  if (spec.parallel !== undefined) {
    const read = spec.parallel === 'shared' ? normed(spec.attention.before, p.attention.norm, x) : x
    return [added(added(x, attended), feedForward(spec.feedForward, p.feedForward, read)), remembered]
  }
  const y = normed(spec.attention.onSum, p.attention.onSum, added(x, attended))
  return [normed(spec.feedForward.onSum, p.feedForward.onSum, added(y, feedForward(spec.feedForward, p.feedForward, y))), remembered]
}

const normed = (spec: NormSpec | undefined, p: Norm | undefined, x: ResidualStream): ResidualStream =>
  spec === undefined ? x : normalize(x, p ?? {}, spec, 'embed')

const attend = (
  spec: AttentionSpec,
  p: Attention,
  x: ResidualStream,
  pass: ForwardContext,
  rotate: Rotate | undefined,
  cache: LayerCache | undefined,
): readonly [ResidualStream, LayerCache] => {
  const h = normed(spec.before, p.norm, x)
  const turned = <A extends string>(y: Tensor<A>, norm: HeadNormSpec | undefined, gains: Norm | undefined): Tensor<A> => {
    const scaled = norm === undefined ? y : normalizeHeads(y, norm, gains ?? {})
    return rotate === undefined ? scaled : (rotate(scaled as AnyTensor as Tensor<'seq' | 'half' | 'pair'>) as AnyTensor as Tensor<A>)
  }
  const q = turned(affine(h, p.query, 'embed'), spec.queryNorm, p.queryNorm) // batch seq head group, and coordinates
  const keys = pass.recall(turned(affine(h, p.key, 'embed'), spec.keyNorm, p.keyNorm), cache?.keys) // batch past head, and coordinates
  const values = pass.recall(affine(h, p.value, 'embed'), cache?.values) // batch past head key
  const weights = causalWeights(dot(q, keys, ...coordinatesOf(keys)), spec, pass)
  const read = affine(dot(weights, values, 'past'), p.out, ...axesAmong(q, ['head', 'group']), 'key')
  return [normed(spec.after, p.after, read), { keys, values }]
}

/** Those of these axes that a tensor has. */
const axesAmong = <A extends string>(x: AnyTensor, axes: readonly A[]): readonly A[] => axes.filter((axis) => Object.hasOwn(x.shape, axis))
const coordinatesOf = (x: AnyTensor): readonly Coordinate[] => axesAmong(x, ['half', 'pair', 'key'])

const normalizeHeads = <A extends string>(x: Tensor<A>, spec: HeadNormSpec, gains: Norm): Tensor<A> => {
  const heads: readonly QueryHead[] = spec.over === 'whole' ? axesAmong(x, ['head', 'group']) : []
  return normalize(x as AnyTensor as Tensor<string>, gains, spec, ...heads, ...coordinatesOf(x)) as AnyTensor as Tensor<A>
}

const feedForward = (spec: FeedForwardSpec, p: FeedForward, x: ResidualStream): ResidualStream => {
  const h = normed(spec.before, p.norm, x)
  const f = activate[spec.activation]
  const hidden = p.gate === undefined ? f(affine(h, p.up, 'embed')) : mul(f(affine(h, p.gate, 'embed')), affine(h, p.up, 'embed'))
  return normed(spec.after, p.after, affine(hidden, p.down, 'hidden'))
}
