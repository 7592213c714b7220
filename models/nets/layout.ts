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
  const build = builderOf(architecture, config, make)
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
    ...(project && { into: build.linear('', { name: project.into }, 'matrix', { ...narrow, embed }, ['narrow'], ['embed']) }),
    blocks: architecture.layers.map(build.layer),
    ...(norm && { norm: build.norm('', norm) }),
    ...(project && { outOf: build.linear('', { name: project.out }, 'matrix', { embed, ...narrow }, ['embed'], ['narrow']) }),
    ...(config.tied ? {} : { output: table(output.name) }),
    ...(output.bias === true && {
      outputBias: make({ name: `${output.name}.bias`, role: 'bias', shape: { vocab }, stored: [['vocab']] }),
    }),
  }
}

const builderOf = (architecture: Architecture, config: ModelConfig, make: Initializer) => {
  const { rotary } = architecture
  const { embed, hidden, head, group, key, half, pair } = sizes(config)
  const grouped = rotary || group > 1
  /** Heads and coordinates of queries and keys: their axes in our order, and in the checkpoint's. */
  const queryHeads = grouped ? (['head', 'group'] as const) : (['head'] as const)
  const coordinates = !rotary ? (['key'] as const) : config.rotation === 'half' ? (['half', 'pair'] as const) : (['pair', 'half'] as const)
  const headShape: Shape<QueryHead | Coordinate> = Object.fromEntries(
    Object.entries({ head, ...(grouped ? { group } : {}), ...(rotary ? { half, pair } : { key }) }),
  ) as Shape<QueryHead | Coordinate> // of which it has some
  const { group: _, ...keyShape } = headShape
  const partial = rotary && config.rotated !== undefined && config.rotated < key ? { rotated: config.rotated } : {}

  const norm = (prefix: string, { name, kind, plusOne, gain = true, bias = kind === 'layer' }: NormSpec): Norm => {
    const one = (role: 'gain' | 'bias', suffix: string) =>
      make<string>({ name: `${prefix}${name}.${suffix}`, role, shape: { embed }, stored: [['embed']] })
    return {
      ...(gain && { gain: one(plusOne === true ? 'bias' : 'gain', 'weight') }),
      ...(bias && { bias: one('bias', 'bias') }),
    }
  }
  const headNorm = (prefix: string, spec: HeadNormSpec, heads: readonly QueryHead[], shape: Shape): Norm => {
    const { name, kind, plusOne, gain = true, bias = kind === 'layer', over } = spec
    const axes = over === 'shared' ? coordinates : [...heads, ...coordinates]
    const named = Object.fromEntries(Object.entries(shape).filter(([axis]) => axes.some((other) => other === axis)))
    const stored = over === 'each' ? [heads, coordinates] : [axes]
    const one = (role: 'gain' | 'bias', suffix: string) =>
      make<string>({ name: `${prefix}${name}.${suffix}`, role, shape: named, stored, ...partial })
    return {
      ...(gain && { gain: one(plusOne === true ? 'bias' : 'gain', 'weight') }),
      ...(bias && { bias: one('bias', 'bias') }),
    }
  }
  /** @param part where the output lies in the stored tensor; its dimension is that of the outputs */
  const linear = <In extends string, Out extends string>(
    prefix: string,
    { name, bias = false, transposed = false }: LinearSpec,
    role: ParameterRole,
    shape: Shape<In | Out>,
    input: readonly In[],
    output: readonly Out[],
    part?: Omit<ParameterPart, 'dimension'>,
    rotated: { readonly rotated?: number } = {},
  ): LinearWeights<In, Out> => {
    const outputShape = Object.fromEntries(Object.entries(shape).filter(([axis]) => output.some((other) => other === axis))) as Shape<Out>
    const at = (dimension: number) => (part === undefined ? {} : { part: { ...part, dimension } })
    return {
      weight: make<In | Out>({
        ...{ name: `${prefix}${name}.weight`, role, shape, ...rotated, input: transposed ? 0 : 1 },
        ...{ stored: transposed ? [input, output] : [output, input], ...at(transposed ? 1 : 0) },
      }),
      ...(bias && {
        bias: make<Out>({ name: `${prefix}${name}.bias`, role: 'bias', shape: outputShape, stored: [output], ...rotated, ...at(0) }),
      }),
    }
  }
  /** Queries, keys and values, which one tensor may hold. */
  const places = ({ fused }: LinearSpec): readonly (Omit<ParameterPart, 'dimension'> | undefined)[] => {
    if (fused === undefined) return []
    if (fused === 'heads') return [0, 1, 2].map((i) => ({ outer: 1, begin: i * key, total: 3 * key }))
    const [queries, keys] = [head * group * key, head * key]
    return [0, queries, queries + keys].map((begin) => ({ outer: 0, begin, total: queries + 2 * keys }))
  }
  const attention = (prefix: string, spec: AttentionSpec): Attention => {
    const [first, second, third] = places(spec.query)
    const outShape = Object.fromEntries(Object.entries({ head, ...(grouped ? { group } : {}), key, embed }))
    return {
      ...(spec.before && { norm: norm(prefix, spec.before) }),
      query: linear(prefix, spec.query, 'matrix', { embed, ...headShape }, ['embed'], [...queryHeads, ...coordinates], first, partial),
      key: linear(prefix, spec.key, 'matrix', { embed, ...keyShape }, ['embed'], ['head', ...coordinates], second, partial),
      value: linear(prefix, spec.value, 'matrix', { embed, head, key }, ['embed'], ['head', 'key'], third),
      out: linear(prefix, spec.out, 'residual', outShape as Shape<QueryHead | 'key' | 'embed'>, [...queryHeads, 'key'], ['embed']),
      ...(spec.queryNorm && { queryNorm: headNorm(prefix, spec.queryNorm, queryHeads, headShape) }),
      ...(spec.keyNorm && { keyNorm: headNorm(prefix, spec.keyNorm, ['head'], keyShape) }),
      ...(spec.after && { after: norm(prefix, spec.after) }),
      ...(spec.onSum && { onSum: norm(prefix, spec.onSum) }),
    }
  }
  const feedForward = (prefix: string, spec: FeedForwardSpec): FeedForward => {
    const place = (i: number) => (spec.up.fused === undefined ? undefined : { outer: 0, begin: i * hidden, total: 2 * hidden })
    const widen = (linearSpec: LinearSpec, i: number) =>
      linear(prefix, linearSpec, 'matrix', { embed, hidden }, ['embed'], ['hidden'], place(i))
    return {
      ...(spec.before && { norm: norm(prefix, spec.before) }),
      ...(spec.gate && { gate: widen(spec.gate, 0) }),
      up: widen(spec.up, 1),
      down: linear(prefix, spec.down, 'residual', { hidden, embed }, ['hidden'], ['embed']),
      ...(spec.after && { after: norm(prefix, spec.after) }),
      ...(spec.onSum && { onSum: norm(prefix, spec.onSum) }),
    }
  }
  const layer = (spec: LayerSpec): Layer => ({
    attention: attention(`${spec.name}.`, spec.attention),
    feedForward: feedForward(`${spec.name}.`, spec.feedForward),
  })
  return { norm, linear, layer }
}
