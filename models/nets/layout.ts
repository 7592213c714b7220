/**
 * The tree of a decoder's parameters, and where a checkpoint keeps each: what an `Architecture` names, as slots. Our matrices have their input first;
 * a checkpoint's are [output, input], those of GPT-2 [input, output], and some tensors hold several of ours.
 */
import type { Shape, Tensor } from '../../core/index.ts'
import type { Architecture, AttentionSpec, FeedForwardSpec, HeadNormSpec, LayerSpec, LinearSpec, NormSpec } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import type { LinearWeights, Norm } from './layers.ts'
import { type Initializer, type ParameterPart, type ParameterRole, sizes } from './parameter-spec.ts'

/** The coordinates of a query or a key: `key`, or `half` and `pair` where heads are laid out for RoPE. A tensor has the one or the others. */
export type Coordinate = 'key' | 'half' | 'pair'
/** The heads of queries: `head`, and where several share a key `group`. */
export type QueryHead = 'head' | 'group'

export interface Attention {
  readonly norm?: Norm
  readonly query: LinearWeights<'embed', QueryHead | Coordinate>
  readonly key: LinearWeights<'embed', 'head' | Coordinate>
  readonly value: LinearWeights<'embed', 'head' | 'key'>
  readonly out: LinearWeights<QueryHead | 'key', 'embed'>
  readonly queryNorm?: Norm
  readonly keyNorm?: Norm
  readonly after?: Norm
  readonly onSum?: Norm
}
export interface FeedForward {
  readonly norm?: Norm
  readonly gate?: LinearWeights<'embed', 'hidden'>
  readonly up: LinearWeights<'embed', 'hidden'>
  readonly down: LinearWeights<'hidden', 'embed'>
  readonly after?: Norm
  readonly onSum?: Norm
}
export interface Layer {
  readonly attention: Attention
  readonly feedForward: FeedForward
}
/** All weights of a model. */
export interface Parameters {
  readonly token: Tensor<'vocab' | 'embed'>
  readonly position?: Tensor<'position' | 'embed'>
  /** From embeddings to the stream, and back. */
  readonly into?: LinearWeights<'narrow', 'embed'>
  readonly blocks: readonly Layer[]
  readonly norm?: Norm
  readonly outOf?: LinearWeights<'embed', 'narrow'>
  /** Absent when tied to `token`. */
  readonly output?: Tensor<'vocab' | 'embed'>
  readonly outputBias?: Tensor<'vocab'>
}

/** The parameters of an architecture, each made from its slot. */
export const parametersOf = (architecture: Architecture, config: ModelConfig, make: Initializer): Parameters => {
  const { token, position, project, norm, output } = architecture
  const { vocab, embed, position: positions } = sizes(config)
  const words = { vocab, embed: project?.size ?? embed }
  const table = (name: string) => make({ name: `${name}.weight`, role: 'matrix', shape: words, stored: [['vocab'], ['embed']] })
  const narrow = { narrow: project?.size ?? embed }
  const layout = layoutOf(architecture, config, make)
  return {
    token: table(token),
    ...(position && {
      position: make({
        name: `${position.name}.weight`,
        role: 'matrix',
        shape: { position: positions + position.offset, embed },
        stored: [['position'], ['embed']],
      }),
    }),
    ...(project && { into: linear(layout, '', { name: project.into }, 'matrix', { ...narrow, embed }, ['narrow'], ['embed']) }),
    blocks: architecture.layers.map((spec) => layer(layout, spec)),
    ...(norm && { norm: gains(layout, '', norm) }),
    ...(project && { outOf: linear(layout, '', { name: project.out }, 'matrix', { embed, ...narrow }, ['embed'], ['narrow']) }),
    ...(config.tied ? {} : { output: table(output.name) }),
    ...(output.bias === true && {
      outputBias: make({ name: `${output.name}.bias`, role: 'bias', shape: { vocab }, stored: [['vocab']] }),
    }),
  }
}

/** What the tensors of one model share: how they are made, sizes, and the axes of heads and coordinates in our order. */
interface LayoutContext {
  readonly make: Initializer
  readonly embed: number
  readonly hidden: number
  readonly head: number
  readonly group: number
  readonly key: number
  /** Axes of the heads of queries. */
  readonly queryHeads: readonly QueryHead[]
  readonly coordinates: readonly Coordinate[]
  /** Of queries, of keys, and of what attention reads. */
  readonly queryShape: Shape<QueryHead | Coordinate>
  readonly keyShape: Shape<'head' | Coordinate>
  readonly outShape: Shape<QueryHead | 'key' | 'embed'>
  /** How many coordinates rotate, where not all do. */
  readonly partial: { readonly rotated?: number }
}
const layoutOf = ({ rotary }: Architecture, config: ModelConfig, make: Initializer): LayoutContext => {
  const { embed, hidden, head, group, key, half, pair } = sizes(config)
  const grouped = rotary || group > 1
  const heads = { head, ...(grouped && { group }) }
  const inside = rotary ? { half, pair } : { key }
  const some = <A extends string>(shape: Readonly<Record<string, number>>) => shape as Shape<A> // of whose axes it has some
  return {
    ...{ make, embed, hidden, head, group, key },
    queryHeads: grouped ? ['head', 'group'] : ['head'],
    coordinates: !rotary ? ['key'] : config.rotation === 'half' ? ['half', 'pair'] : ['pair', 'half'],
    queryShape: some({ ...heads, ...inside }),
    keyShape: some({ head, ...inside }),
    outShape: some({ ...heads, key, embed }),
    partial: rotary && config.rotated !== undefined && config.rotated < key ? { rotated: config.rotated } : {},
  }
}

/** A gain and a bias, as far as the norm has them. */
const normBy = (
  { kind, plusOne = false, gain = true, bias = kind === 'layer' }: Omit<NormSpec, 'name'>,
  one: (role: 'gain' | 'bias', suffix: string) => Tensor<string>,
): Norm => ({ ...(gain && { gain: one(plusOne ? 'bias' : 'gain', 'weight') }), ...(bias && { bias: one('bias', 'bias') }) })

const gains = ({ make, embed }: LayoutContext, prefix: string, spec: NormSpec): Norm =>
  normBy(spec, (role, suffix) => make<string>({ name: `${prefix}${spec.name}.${suffix}`, role, shape: { embed }, stored: [['embed']] }))

const headGains = (
  { make, coordinates, partial }: LayoutContext,
  prefix: string,
  spec: HeadNormSpec,
  heads: readonly QueryHead[],
  shape: Shape,
): Norm => {
  const axes: readonly string[] = spec.over === 'shared' ? coordinates : [...heads, ...coordinates]
  const stored = spec.over === 'each' ? [heads, coordinates] : [axes]
  return normBy(spec, (role, suffix) =>
    make<string>({ name: `${prefix}${spec.name}.${suffix}`, role, shape: among(shape, axes), stored, ...partial }),
  )
}

const among = <A extends string>(shape: Shape, axes: readonly A[]): Shape<A> =>
  Object.fromEntries(Object.entries(shape).filter(([axis]) => axes.some((other) => other === axis))) as Shape<A>

/** @param part where the output lies in the stored tensor; its dimension is that of the outputs */
const linear = <In extends string, Out extends string>(
  { make }: LayoutContext,
  prefix: string,
  { name, bias = false, transposed = false }: LinearSpec,
  role: ParameterRole,
  shape: Shape<In | Out>,
  input: readonly In[],
  output: readonly Out[],
  part?: Omit<ParameterPart, 'dimension'>,
  rotated: { readonly rotated?: number } = {},
): LinearWeights<In, Out> => {
  const at = (dimension: number) => (part === undefined ? {} : { part: { ...part, dimension } })
  return {
    weight: make<In | Out>({
      ...{ name: `${prefix}${name}.weight`, role, shape, ...rotated, input: transposed ? 0 : 1 },
      ...{ stored: transposed ? [input, output] : [output, input], ...at(transposed ? 1 : 0) },
    }),
    ...(bias && {
      bias: make<Out>({
        ...{ name: `${prefix}${name}.bias`, role: 'bias', shape: among(shape, output), stored: [output] },
        ...{ ...rotated, ...at(0) },
      }),
    }),
  }
}

/** Where queries, keys and values lie in the one tensor that may hold them. */
const places = ({ head, group, key }: LayoutContext, { fused }: LinearSpec): readonly (Omit<ParameterPart, 'dimension'> | undefined)[] => {
  if (fused === undefined) return []
  if (fused === 'heads') return [0, 1, 2].map((i) => ({ outer: 1, begin: i * key, total: 3 * key }))
  const [queries, keys] = [head * group * key, head * key]
  return [0, queries, queries + keys].map((begin) => ({ outer: 0, begin, total: queries + 2 * keys }))
}

const attention = (layout: LayoutContext, prefix: string, spec: AttentionSpec): Attention => {
  const { embed, head, key, queryHeads, coordinates, queryShape, keyShape, outShape, partial } = layout
  const [first, second, third] = places(layout, spec.query)
  const read = <Out extends string>(
    from: LinearSpec,
    shape: Shape,
    output: readonly Out[],
    part?: Omit<ParameterPart, 'dimension'>,
    rotated?: { readonly rotated?: number },
  ) => linear(layout, prefix, from, 'matrix', { embed, ...shape } as Shape<'embed' | Out>, ['embed'], output, part, rotated) // of `output`
  return {
    ...(spec.before && { norm: gains(layout, prefix, spec.before) }),
    query: read(spec.query, queryShape, [...queryHeads, ...coordinates], first, partial),
    key: read(spec.key, keyShape, ['head', ...coordinates], second, partial),
    value: read(spec.value, { head, key }, ['head', 'key'], third),
    out: linear(layout, prefix, spec.out, 'residual', outShape, [...queryHeads, 'key'], ['embed']),
    ...(spec.queryNorm && { queryNorm: headGains(layout, prefix, spec.queryNorm, queryHeads, queryShape) }),
    ...(spec.keyNorm && { keyNorm: headGains(layout, prefix, spec.keyNorm, ['head'], keyShape) }),
    ...(spec.after && { after: gains(layout, prefix, spec.after) }),
    ...(spec.onSum && { onSum: gains(layout, prefix, spec.onSum) }),
  }
}

const feedForward = (layout: LayoutContext, prefix: string, spec: FeedForwardSpec): FeedForward => {
  const { embed, hidden } = layout
  const place = (i: number) => (spec.up.fused === undefined ? undefined : { outer: 0, begin: i * hidden, total: 2 * hidden })
  const widen = (from: LinearSpec, i: number) => linear(layout, prefix, from, 'matrix', { embed, hidden }, ['embed'], ['hidden'], place(i))
  return {
    ...(spec.before && { norm: gains(layout, prefix, spec.before) }),
    ...(spec.gate && { gate: widen(spec.gate, 0) }),
    up: widen(spec.up, 1),
    down: linear(layout, prefix, spec.down, 'residual', { hidden, embed }, ['hidden'], ['embed']),
    ...(spec.after && { after: gains(layout, prefix, spec.after) }),
    ...(spec.onSum && { onSum: gains(layout, prefix, spec.onSum) }),
  }
}

const layer = (layout: LayoutContext, spec: LayerSpec): Layer => ({
  attention: attention(layout, `${spec.name}.`, spec.attention),
  feedForward: feedForward(layout, `${spec.name}.`, spec.feedForward),
})
