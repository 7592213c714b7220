/**
 * A decoder-only transformer of either family: next-token logits, log-probabilities of completions, and one token at a time with a memory.
 *
 *     log π(y|x) = Σₜ mask(t) · (logit(t, target(t)) − log Σᵥ exp logit(t, v))
 */
import {
  type AnyTensor,
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
  stridedSlice,
  sub,
  sum,
  type Tensor,
  take,
} from '../../core/index.ts'
import type { ModelConfig } from './config.ts'
import type { Dropout } from './dropout.ts'
import { type ForwardContext, next, whole } from './forward-context.ts'
import { type Gpt2Cache, gpt2 } from './gpt2.ts'
import type { Logits, Stream, Tokens } from './layers.ts'
import { type LlamaCache, llama } from './llama.ts'
import type { Parameters } from './parameters.ts'
import type { Sequences } from './sequences.ts'
import type { Scores, Trainable } from './trainable.ts'

/** Keys and values of every layer for every position so far. */
export type KVCache = readonly LlamaCache[] | readonly Gpt2Cache[]

/** A model over parameters of type P: all its weights, or what is trained of them. */
export interface Transformer<P = Parameters> extends Trainable<P> {
  /** The normalized residual stream after the last layer, of which logits and heads are linear functions. */
  readonly hidden: (parameters: P, tokens: Tokens, dropout?: Dropout) => Stream
  /** Logits of the token after each token. A token's logits depend on it and earlier ones only, and on no other row of the batch. */
  readonly logits: (parameters: P, tokens: Tokens) => Logits
  /** log π(completion | prompt): the log-probabilities of the targets that count, summed. In nats. */
  readonly logProbabilities: (parameters: P, sequences: Sequences) => Tensor<'batch'>
  /** Logits after the last of these tokens, and a memory of them with room for `context` tokens. */
  readonly begin: (parameters: P, tokens: Tokens, context: number) => readonly [Tensor<'batch' | 'vocab'>, KVCache]
  /** Logits after one more token per text, at `position` (a scalar, the same for all), and the memory that includes it. */
  readonly advance: (
    parameters: P,
    memory: KVCache,
    tokens: Tensor<'batch'>,
    position: Tensor,
  ) => readonly [Tensor<'batch' | 'vocab'>, KVCache]
}

export const transformer = (config: ModelConfig): Transformer => {
  // A memory is always of the family whose parameters made it.
  const run = (parameters: Parameters, tokens: Tokens, pass: ForwardContext, memory?: KVCache): readonly [Stream, KVCache] =>
    'position' in parameters
      ? gpt2(config, parameters, tokens, pass, memory as readonly Gpt2Cache[] | undefined)
      : llama(config, parameters, tokens, pass, memory as readonly LlamaCache[] | undefined)
  const hidden = (parameters: Parameters, tokens: Tokens, dropout?: Dropout): Stream =>
    run(parameters, tokens, whole(size(tokens, 'seq'), dropout))[0]
  const read = <A extends string>({ output, token }: Parameters, stream: Tensor<A | 'embed'>) => dot(stream, output ?? token, 'embed')
  const score = (parameters: Parameters, sequences: Sequences) =>
    scoresOf(hidden(parameters, sequences.tokens, sequences.dropout), parameters.output ?? parameters.token, sequences)
  return {
    config,
    hidden,
    logits: (parameters, tokens) => read(parameters, hidden(parameters, tokens)),
    logProbabilities: (parameters, sequences) => score(parameters, sequences).logProbability,
    score,
    begin: (parameters, tokens, context) => {
      const length = size(tokens, 'seq')
      const [stream, memory] = run(parameters, tokens, whole(length))
      return [read(parameters, at(stream, 'seq', length - 1)), mapTree(memory, (x) => ordered(stridedSlice(x, 'past', 0, 1, context)))]
    },
    advance: (parameters, memory, tokens, position) => {
      const row: Tokens = broadcastTo(tokens, { batch: size(tokens, 'batch'), seq: 1 })
      const [stream, remembered] = run(parameters, row, next(position, size(memory[0]!.values, 'past')), memory)
      return [read(parameters, sum(stream, 'seq')), remembered]
    },
  }
}

/** What the logits say of the targets that count: all of it is found in one reading of them. */
export const scoresOf = (stream: Stream, output: Tensor<'vocab' | 'embed'>, { targets, mask }: Pick<Sequences, 'targets' | 'mask'>) => {
  const logits: Logits = dot(stream, output, 'embed')
  const centred = sub(logits, stopGradient(max(logits, 'vocab')))
  const weights = exp(centred)
  const total = sum(weights, 'vocab')
  const counted = (x: Tensor<'batch' | 'seq'>): Tensor<'batch'> => sum(mul(x, mask), 'seq')
  return {
    logProbability: counted(sub(take(centred, 'vocab', targets), log(total))),
    entropy: counted(sub(log(total), div(dot(weights, centred, 'vocab'), total))),
    logits: counted(dot(stream, mean(output, 'vocab'), 'embed')),
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
  advance: (given, memory, tokens, position) => model.advance(parametersOf(given), memory, tokens, position),
})

/** A memory is kept in one order from step to step: `past` inside `batch` and `head`, so that each head's keys stand together. */
const ordered = (x: AnyTensor): AnyTensor => {
  const { batch, head, past, ...inner } = x.shape
  return broadcastTo(x, { batch: batch!, head: head!, past: past!, ...inner })
}
