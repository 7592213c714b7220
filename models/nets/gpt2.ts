/**
 * The GPT-2 family as pure functions over a tree of parameters: LayerNorm, learned positions, multi-head attention and GELU, with biases.
 * Radford et al. (2019), "Language models are unsupervised multitask learners".
 */
import { add, checkpoint, dot, gelu, silu, type Tensor, take } from '../../core/index.ts'
import type { Activation, ModelConfig } from './config.ts'
import type { ForwardContext } from './forward-context.ts'
import { apply, causalWeights, geluTanh, type LayerNorm, layerNorm, type Matrix, type Stream, type Tokens } from './layers.ts'
import { type Initializer, sizes } from './parameter-spec.ts'

interface Linear<In extends string, Out extends string> {
  readonly weight: Matrix<In | Out>
  readonly bias: Tensor<Out>
}
export interface Gpt2 {
  readonly token: Tensor<'vocab' | 'embed'>
  readonly position: Tensor<'position' | 'embed'>
  readonly blocks: readonly Gpt2Block[]
  readonly norm: LayerNorm
  /** Absent when tied to `token`. */
  readonly output?: Tensor<'vocab' | 'embed'>
}
export interface Gpt2Block {
  readonly attention: {
    readonly norm: LayerNorm
    readonly query: Linear<'embed', 'head' | 'key'>
    readonly key: Linear<'embed', 'head' | 'key'>
    readonly value: Linear<'embed', 'head' | 'key'>
    readonly out: Linear<'head' | 'key', 'embed'>
  }
  readonly feedForward: {
    readonly norm: LayerNorm
    readonly up: Linear<'embed', 'hidden'>
    readonly down: Linear<'hidden', 'embed'>
  }
}
/** Keys and values of every position so far. */
export interface Gpt2Cache {
  readonly keys: Tensor<'batch' | 'head' | 'past' | 'key'>
  readonly values: Tensor<'batch' | 'head' | 'past' | 'key'>
}

/** The parameters under Hugging Face's names. Its matrices are [input, output] ("Conv1D"), as ours; query, key and value are kept as one. */
export const gpt2Parameters = (config: ModelConfig, make: Initializer): Gpt2 => {
  const { vocab, position, embed, hidden, head, key } = sizes(config)
  const norm = (name: string): LayerNorm => ({
    gain: make({ name: `${name}.weight`, role: 'gain', shape: { embed }, stored: [['embed']] }),
    bias: make({ name: `${name}.bias`, role: 'bias', shape: { embed }, stored: [['embed']] }),
  })
  const project = (name: string, index: number): Linear<'embed', 'head' | 'key'> => ({
    weight: make({
      name: `${name}.weight`,
      role: 'matrix',
      shape: { embed, head, key },
      stored: [['embed'], ['head', 'key']],
      part: { index, of: 3 },
    }),
    bias: make({ name: `${name}.bias`, role: 'bias', shape: { head, key }, stored: [['head', 'key']], part: { index, of: 3 } }),
  })
  const block = (name: string): Gpt2Block => ({
    attention: {
      norm: norm(`${name}.ln_1`),
      query: project(`${name}.attn.c_attn`, 0),
      key: project(`${name}.attn.c_attn`, 1),
      value: project(`${name}.attn.c_attn`, 2),
      out: {
        weight: make({
          name: `${name}.attn.c_proj.weight`,
          role: 'residual',
          shape: { head, key, embed },
          stored: [['head', 'key'], ['embed']],
        }),
        bias: make({ name: `${name}.attn.c_proj.bias`, role: 'bias', shape: { embed }, stored: [['embed']] }),
      },
    },
    feedForward: {
      norm: norm(`${name}.ln_2`),
      up: {
        weight: make({ name: `${name}.mlp.c_fc.weight`, role: 'matrix', shape: { embed, hidden }, stored: [['embed'], ['hidden']] }),
        bias: make({ name: `${name}.mlp.c_fc.bias`, role: 'bias', shape: { hidden }, stored: [['hidden']] }),
      },
      down: {
        weight: make({ name: `${name}.mlp.c_proj.weight`, role: 'residual', shape: { hidden, embed }, stored: [['hidden'], ['embed']] }),
        bias: make({ name: `${name}.mlp.c_proj.bias`, role: 'bias', shape: { embed }, stored: [['embed']] }),
      },
    },
  })
  return {
    token: make({ name: 'transformer.wte.weight', role: 'matrix', shape: { vocab, embed }, stored: [['vocab'], ['embed']] }),
    position: make({ name: 'transformer.wpe.weight', role: 'matrix', shape: { position, embed }, stored: [['position'], ['embed']] }),
    blocks: Array.from({ length: config.layers }, (_, layer) => block(`transformer.h.${layer}`)),
    norm: norm('transformer.ln_f'),
    ...(config.tied
      ? {}
      : { output: make({ name: 'lm_head.weight', role: 'matrix', shape: { vocab, embed }, stored: [['vocab'], ['embed']] }) }),
  }
}

const activate: Readonly<Record<Activation, <A extends string>(x: Tensor<A>) => Tensor<A>>> = { gelu, geluTanh, silu }

const attend = (
  p: Gpt2Block['attention'],
  x: Stream,
  pass: ForwardContext,
  { normEpsilon, headSize }: ModelConfig,
  memory: Gpt2Cache | undefined,
): readonly [Stream, Gpt2Cache] => {
  const h = layerNorm(p.norm, x, normEpsilon)
  const q = add(apply(h, p.query.weight, 'embed'), p.query.bias) // batch seq head key
  const keys = pass.recall(add(apply(h, p.key.weight, 'embed'), p.key.bias), memory?.keys) // batch past head key
  const values = pass.recall(add(apply(h, p.value.weight, 'embed'), p.value.bias), memory?.values) // batch past head key
  const weights = causalWeights(dot(q, keys, 'key'), headSize, pass)
  return [add(apply(dot(weights, values, 'past'), p.out.weight, 'head', 'key'), p.out.bias), { keys, values }]
}

const feedForward = (p: Gpt2Block['feedForward'], x: Stream, { normEpsilon, activation }: ModelConfig): Stream => {
  const h = layerNorm(p.norm, x, normEpsilon)
  const hidden = activate[activation](add(apply(h, p.up.weight, 'embed'), p.up.bias))
  return add(apply(hidden, p.down.weight, 'hidden'), p.down.bias)
}

/** One layer: the stream after attention and feed-forward, and the keys and values to remember. */
export const gpt2Block = (
  config: ModelConfig,
  p: Gpt2Block,
  x: Stream,
  pass: ForwardContext,
  memory?: Gpt2Cache,
): readonly [Stream, Gpt2Cache] => {
  const [attended, remembered] = attend(p.attention, x, pass, config, memory)
  const y = add(x, pass.drop(attended))
  return [add(y, pass.drop(feedForward(p.feedForward, y, config))), remembered]
}

/** The normalized residual stream, from which logits are read, and the keys and values to remember. */
export const gpt2 = (
  config: ModelConfig,
  p: Gpt2,
  tokens: Tokens,
  pass: ForwardContext,
  memory?: readonly Gpt2Cache[],
): readonly [Stream, readonly Gpt2Cache[]] => {
  const remembered: Gpt2Cache[] = []
  let x: Stream = pass.drop(add(take(p.token, 'vocab', tokens), pass.place(p.position)))
  p.blocks.forEach((block, layer) => {
    const [y, kept] = gpt2Block(config, block, checkpoint(x), pass, memory?.[layer])
    remembered.push(kept)
    x = y
  })
  return [layerNorm(p.norm, x, config.normEpsilon), remembered]
}
