/**
 * The Llama family as pure functions over a tree of parameters: RMSNorm, rotary positions, grouped-query attention, SwiGLU.
 * Touvron et al. (2023), arXiv:2302.13971. Query heads are `head` × `group`: the queries of a group share one head's keys and values, uncopied.
 * Queries and keys rotate in `pair`s of coordinates, each with two `half`s: how a checkpoint lays these out is known only to whoever reads it.
 */
import { add, checkpoint, cos, dot, exp, iota, mul, reverse, silu, sin, size, sub, type Tensor, take } from '../../core/index.ts'
import type { ModelConfig } from './config.ts'
import type { ForwardContext } from './forward-context.ts'
import { apply, causalWeights, type Matrix, rmsNorm, type Stream, type Tokens } from './layers.ts'
import { type Initializer, sizes } from './parameter-spec.ts'

export interface Llama {
  readonly token: Tensor<'vocab' | 'embed'>
  readonly blocks: readonly LlamaBlock[]
  readonly norm: { readonly gain: Tensor<'embed'> }
  /** Absent when tied to `token`. */
  readonly output?: Tensor<'vocab' | 'embed'>
}
export interface LlamaBlock {
  readonly attention: {
    readonly norm: { readonly gain: Tensor<'embed'> }
    readonly query: Matrix<'embed' | 'head' | 'group' | 'half' | 'pair'>
    readonly key: Matrix<'embed' | 'head' | 'half' | 'pair'>
    readonly value: Matrix<'embed' | 'head' | 'key'>
    readonly out: Matrix<'head' | 'group' | 'key' | 'embed'>
  }
  readonly feedForward: {
    readonly norm: { readonly gain: Tensor<'embed'> }
    readonly gate: Matrix<'embed' | 'hidden'>
    readonly up: Matrix<'embed' | 'hidden'>
    readonly down: Matrix<'hidden' | 'embed'>
  }
}
/** Keys (rotated) and values of every position so far. */
export interface LlamaCache {
  readonly keys: Tensor<'batch' | 'head' | 'past' | 'half' | 'pair'>
  readonly values: Tensor<'batch' | 'head' | 'past' | 'key'>
}

/** The parameters under Hugging Face's names. Its matrices are [output, input], ours input first. */
export const llamaParameters = (config: ModelConfig, make: Initializer): Llama => {
  const { vocab, embed, hidden, head, group, key, half, pair } = sizes(config)
  const turned = config.rotation === 'half' ? (['half', 'pair'] as const) : (['pair', 'half'] as const)
  const norm = (name: string) => ({ gain: make({ name: `${name}.weight`, role: 'gain', shape: { embed }, stored: [['embed']] }) })
  const words = (name: string) => make({ name: `${name}.weight`, role: 'matrix', shape: { vocab, embed }, stored: [['vocab'], ['embed']] })
  const widen = (name: string) =>
    make({ name: `${name}.weight`, role: 'matrix', shape: { embed, hidden }, stored: [['hidden'], ['embed']] })
  const block = (name: string): LlamaBlock => ({
    attention: {
      norm: norm(`${name}.input_layernorm`),
      query: make({
        name: `${name}.self_attn.q_proj.weight`,
        role: 'matrix',
        shape: { embed, head, group, half, pair },
        stored: [['head', 'group', ...turned], ['embed']],
      }),
      key: make({
        name: `${name}.self_attn.k_proj.weight`,
        role: 'matrix',
        shape: { embed, head, half, pair },
        stored: [['head', ...turned], ['embed']],
      }),
      value: make({
        name: `${name}.self_attn.v_proj.weight`,
        role: 'matrix',
        shape: { embed, head, key },
        stored: [['head', 'key'], ['embed']],
      }),
      out: make({
        name: `${name}.self_attn.o_proj.weight`,
        role: 'residual',
        shape: { head, group, key, embed },
        stored: [['embed'], ['head', 'group', 'key']],
      }),
    },
    feedForward: {
      norm: norm(`${name}.post_attention_layernorm`),
      gate: widen(`${name}.mlp.gate_proj`),
      up: widen(`${name}.mlp.up_proj`),
      down: make({ name: `${name}.mlp.down_proj.weight`, role: 'residual', shape: { hidden, embed }, stored: [['embed'], ['hidden']] }),
    },
  })
  return {
    token: words('model.embed_tokens'),
    blocks: Array.from({ length: config.layers }, (_, layer) => block(`model.layers.${layer}`)),
    norm: norm('model.norm'),
    ...(config.tied ? {} : { output: words('lm_head') }),
  }
}

/**
 * Rotary positions: (a, b) ↦ (a cos φ − b sin φ, b cos φ + a sin φ) with φ = position · θ^(−pair / pairs). Su et al. (2021), arXiv:2104.09864.
 */
const rotate = <A extends string>(x: Tensor<A | 'seq' | 'half' | 'pair'>, positions: Tensor<'seq'>, theta: number): typeof x => {
  const pairs = size(x, 'pair')
  const angle = mul(positions, exp(mul(iota('pair', pairs), -Math.log(theta) / pairs)))
  const sign = sub(mul(iota('half', 2), 2), 1)
  return add(mul(x, cos(angle)), mul(reverse(x, 'half'), mul(sign, sin(angle))))
}

const attend = (
  p: LlamaBlock['attention'],
  x: Stream,
  pass: ForwardContext,
  { normEpsilon, ropeTheta, headSize }: ModelConfig,
  memory: LlamaCache | undefined,
): readonly [Stream, LlamaCache] => {
  const h = rmsNorm(p.norm.gain, x, normEpsilon)
  const q = rotate(apply(h, p.query, 'embed'), pass.positions, ropeTheta) // batch seq head group half pair
  const keys = pass.recall(rotate(apply(h, p.key, 'embed'), pass.positions, ropeTheta), memory?.keys) // batch past head half pair
  const values = pass.recall(apply(h, p.value, 'embed'), memory?.values) // batch past head key
  const weights = causalWeights(dot(q, keys, 'half', 'pair'), headSize, pass)
  return [apply(dot(weights, values, 'past'), p.out, 'head', 'group', 'key'), { keys, values }]
}

/** SwiGLU: down (silu(gate x) · up x). Shazeer (2020), arXiv:2002.05202. */
const feedForward = (p: LlamaBlock['feedForward'], x: Stream, { normEpsilon }: ModelConfig): Stream => {
  const h = rmsNorm(p.norm.gain, x, normEpsilon)
  return apply(mul(silu(apply(h, p.gate, 'embed')), apply(h, p.up, 'embed')), p.down, 'hidden')
}

/** One layer: the stream after attention and feed-forward, and the keys and values to remember. */
export const llamaBlock = (
  config: ModelConfig,
  p: LlamaBlock,
  x: Stream,
  pass: ForwardContext,
  memory?: LlamaCache,
): readonly [Stream, LlamaCache] => {
  const [attended, remembered] = attend(p.attention, x, pass, config, memory)
  const y = add(x, pass.drop(attended))
  return [add(y, pass.drop(feedForward(p.feedForward, y, config))), remembered]
}

/** The normalized residual stream, from which logits are read, and the keys and values to remember. */
export const llama = (
  config: ModelConfig,
  p: Llama,
  tokens: Tokens,
  pass: ForwardContext,
  memory?: readonly LlamaCache[],
): readonly [Stream, readonly LlamaCache[]] => {
  const remembered: LlamaCache[] = []
  let x: Stream = pass.drop(take(p.token, 'vocab', tokens))
  p.blocks.forEach((block, layer) => {
    const [y, kept] = llamaBlock(config, block, checkpoint(x), pass, memory?.[layer])
    remembered.push(kept)
    x = y
  })
  return [rmsNorm(p.norm.gain, x, config.normEpsilon), remembered]
}
