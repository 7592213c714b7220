/**
 * A decoder-only transformer: next-token logits, log-probabilities of completions, and one token at a time with a cache.
 *
 *     log π(y|x) = Σₜ mask(t) · (logit(t, target(t)) − log Σᵥ exp logit(t, v))
 */
import {
  type AnyTensor,
  add,
  at,
  broadcastTo,
  div,
  dot,
  exp,
  log,
  mapTree,
  max,
  mean,
  mul,
  size,
  stopGradient,
  sub,
  sum,
  type Tensor,
  take,
} from '../../core/index.ts'
import { stridedSlice } from '../../core/internal.ts'
import type { Architecture } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import { decode, type KVCache } from './decoder.ts'
import type { Dropout } from './dropout.ts'
import { next, whole } from './forward-context.ts'
import { architectureOf } from './known.ts'
import { type Logits, type ResidualStream, softCap, type TokenIds } from './layers.ts'
import type { Parameters } from './layout.ts'
import type { Sequences } from './sequences.ts'
import type { Scores, Trainable } from './trainable.ts'

/** A model over parameters of type P: all its weights, or what is trained of them. */
export interface Transformer<P = Parameters> extends Trainable<P> {
  /** The normalized residual stream after the last layer, of which logits and heads are linear functions. */
  readonly hidden: (parameters: P, tokens: TokenIds, dropout?: Dropout) => ResidualStream
  /** Logits of the token after each token. A token's logits depend on it and earlier ones only, and on no other row of the batch. */
  readonly logits: (parameters: P, tokens: TokenIds) => Logits
  /** log π(completion | prompt): the log-probabilities of the targets that count, summed. In nats. */
  readonly logProbabilities: (parameters: P, sequences: Sequences) => Tensor<'batch'>
  /** Logits after the last of these tokens, and a cache of them with room for `context` tokens. */
  readonly begin: (parameters: P, tokens: TokenIds, context: number) => readonly [Tensor<'batch' | 'vocab'>, KVCache]
  /** Logits after one more token per text, at `position` (a scalar, the same for all), and the cache that includes it. */
  readonly advance: (
    parameters: P,
    cache: KVCache,
    tokens: Tensor<'batch'>,
    position: Tensor,
  ) => readonly [Tensor<'batch' | 'vocab'>, KVCache]
}

/**
 * The functions of a decoder-only transformer: logits, log-probabilities of completions, and steps of generation with a KV cache. Tokens
 * have the
 * axes `batch` and `seq`; logits also `vocab`.
 * @throws ConfigError for a family that halograd does not have
 * @example
 * ```ts
 * import { initialize, type ModelConfig, transformer } from 'halograd/models'
 * const config: ModelConfig = {
 *   ...{ family: 'llama', vocab: 24, context: 16, embed: 16, layers: 1, heads: 2, keyValueHeads: 1, headSize: 8, hidden: 24 },
 *   ...{ activation: 'silu', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true },
 * }
 * const [model, parameters] = [transformer(config), initialize(config, 1)]
 * ```
 */
export const transformer = (config: ModelConfig): Transformer => {
  const architecture = architectureOf(config)
  const hidden = (parameters: Parameters, tokens: TokenIds, dropout?: Dropout): ResidualStream =>
    decode(architecture, parameters, tokens, whole(size(tokens, 'seq'), dropout))[0]
  const output = (parameters: Parameters): Output => outputOf(architecture.output, parameters)
  const score = (parameters: Parameters, sequences: Sequences) =>
    scoresOf(hidden(parameters, sequences.tokens, sequences.dropout), output(parameters), sequences)
  return {
    config,
    hidden,
    logits: (parameters, tokens) => output(parameters).logits(hidden(parameters, tokens)),
    logProbabilities: (parameters, sequences) => score(parameters, sequences).logProbability,
    score,
    begin: (parameters, tokens, context) => {
      const length = size(tokens, 'seq')
      const [stream, cache] = decode(architecture, parameters, tokens, whole(length, undefined, context))
      const scores = output(parameters).logits(at(stream, 'seq', length - 1))
      return [scores, mapTree(cache, (x) => ordered(stridedSlice(x, 'past', 0, 1, context)))]
    },
    advance: (parameters, cache, tokens, position) => {
      const row: TokenIds = broadcastTo(tokens, { batch: size(tokens, 'batch'), seq: 1 })
      const [stream, remembered] = decode(architecture, parameters, row, next(position, size(cache[0]!.values, 'past')), cache)
      return [output(parameters).logits(sum(stream, 'seq')), remembered]
    },
  }
}

/** The layer that reads logits from the stream: scale · (W h + b), perhaps capped. */
export interface Output {
  readonly logits: <A extends string>(stream: Tensor<A | 'embed'>) => Tensor<Exclude<A, 'embed'> | 'vocab'>
  /** The mean of the logits over the vocabulary. */
  readonly mean: (stream: ResidualStream) => Tensor<'batch' | 'seq'>
}
export const outputOf = (
  { scale = 1, cap }: Pick<Architecture['output'], 'scale' | 'cap'>,
  { token, output: weight = token, outputBias: bias }: Pick<Parameters, 'token' | 'output' | 'outputBias'>,
): Output => {
  const scaled = <A extends string>(x: Tensor<A>): Tensor<A> => (scale === 1 ? x : (mul(x, scale) as AnyTensor as Tensor<A>))
  const logits: Output['logits'] = (stream) => {
    const products: AnyTensor = dot(scaled(stream) as AnyTensor as Tensor<'embed'>, weight, 'embed')
    const shifted: AnyTensor = bias === undefined ? products : add(products, scaled(bias))
    return (cap === undefined ? shifted : softCap(shifted as Tensor<string>, cap)) as AnyTensor as never // the axes that the signature says
  }
  return {
    logits,
    mean: (stream) => {
      if (cap !== undefined) return mean(logits(stream), 'vocab')
      const products = dot(scaled(stream), mean(weight, 'vocab'), 'embed')
      return bias === undefined ? products : add(products, scaled(mean(bias, 'vocab')))
    },
  }
}

/** What the logits say of the targets that count: all of it is found in one reading of them. */
export const scoresOf = (stream: ResidualStream, output: Output, { targets, mask }: Pick<Sequences, 'targets' | 'mask'>) => {
  const logits: Logits = output.logits(stream)
  const centred = sub(logits, stopGradient(max(logits, 'vocab')))
  const weights = exp(centred)
  const total = sum(weights, 'vocab')
  const counted = (x: Tensor<'batch' | 'seq'>): Tensor<'batch'> => sum(mul(x, mask), 'seq')
  const tokens = sub(take(centred, 'vocab', targets), log(total))
  return {
    tokens,
    logProbability: counted(tokens),
    entropy: counted(sub(log(total), div(dot(weights, centred, 'vocab'), total))),
    logits: counted(output.mean(stream)),
  } satisfies Scores
}

/** A model over whatever its parameters can be computed from: adapters beside a frozen base, for example. */
export const over = <P, Q>(model: Transformer<P>, parametersOf: (given: Q) => P): Transformer<Q> => ({
  config: model.config,
  hidden: (given, tokens, dropout) => model.hidden(parametersOf(given), tokens, dropout),
  logits: (given, tokens) => model.logits(parametersOf(given), tokens),
  logProbabilities: (given, sequences) => model.logProbabilities(parametersOf(given), sequences),
  score: (given, sequences) => model.score(parametersOf(given), sequences),
  begin: (given, tokens, context) => model.begin(parametersOf(given), tokens, context),
  advance: (given, cache, tokens, position) => model.advance(parametersOf(given), cache, tokens, position),
})

/** A cache is kept in one order from step to step: `past` inside `batch` and `head`, so that each head's keys stand together. */
const ordered = (x: AnyTensor): AnyTensor => {
  const { batch, head, past, ...inner } = x.shape
  return broadcastTo(x, { batch: batch!, head: head!, past: past!, ...inner })
}
