/**
 * Heads: a number for a text, read from the hidden state h of one of its tokens, by parameters that are trained beside the policy's.
 *
 *     R(x, y) = w · h                                               h of the last token of y
 *     V(x)    = w₃ · relu(W₂ relu(W₁ h + b₁) + b₂) + b₃             h of the last token of x, held constant
 *
 * R makes a reward model of a language model. V is the value head of offline PPO, three layers on a detached state, as in Ethayarajh et al. (2024),
 * arXiv:2402.01306: it learns from its own loss only, and the policy does not learn to be easy to value.
 */
import { add, dot, mul, relu, size, stopGradient, sub, sum, type Tensor } from '../../core/index.ts'
import { stridedSlice } from '../../core/internal.ts'
import type { ModelConfig } from './config.ts'
import type { ResidualStream } from './layers.ts'
import { drawn, type Initializer, sizes } from './parameter-spec.ts'
import type { Sequences } from './sequences.ts'
import type { Trainable } from './trainable.ts'
import type { Transformer } from './transformer.ts'

/** A policy and the head on it. */
export interface Headed<P, H> {
  readonly policy: P
  readonly head: H
}
export interface RewardHead {
  readonly weight: Tensor<'embed'>
}
export interface ValueHead {
  readonly first: { readonly weight: Tensor<'embed' | 'hidden'>; readonly bias: Tensor<'hidden'> }
  readonly second: { readonly weight: Tensor<'hidden' | 'inner'>; readonly bias: Tensor<'inner'> }
  readonly last: { readonly weight: Tensor<'inner'>; readonly bias: Tensor }
}

/** A reward model: R(x, y) takes the place of log π(y|x), so that Bradley and Terry's loss trains it. */
export const rewarding = <P>(model: Transformer<P>): Trainable<Headed<P, RewardHead>> => ({
  config: model.config,
  score: ({ policy, head }, sequences) => ({
    logProbability: reward(head, ended(model.hidden(policy, sequences.tokens, sequences.dropout), sequences)),
  }),
})

/** A policy with a value head. */
export const valuing = <P>(model: Transformer<P>): Trainable<Headed<P, ValueHead>> => ({
  config: model.config,
  score: ({ policy, head }, sequences) => ({
    ...model.score(policy, sequences),
    value: value(head, stopGradient(asked(model.hidden(policy, sequences.tokens, sequences.dropout), sequences))),
  }),
})

const reward = ({ weight }: RewardHead, state: SequenceState): Tensor<'batch'> => dot(state, weight, 'embed')
const value = ({ first, second, last }: ValueHead, state: SequenceState): Tensor<'batch'> => {
  const once = relu(add(dot(state, first.weight, 'embed'), first.bias))
  const twice = relu(add(dot(once, second.weight, 'hidden'), second.bias))
  return add(dot(twice, last.weight, 'inner'), last.bias)
}

// ------------------------------------------------------------------ which token

type SequenceState = Tensor<'batch' | 'embed'>
const chosen = (hidden: ResidualStream, which: Sequences['mask']): SequenceState => sum(mul(hidden, which), 'seq')
/** A position's predecessor (0 before the first), or successor. */
const shifted = (mask: Sequences['mask'], by: -1 | 1): Sequences['mask'] =>
  stridedSlice(mask, 'seq', by, 1, size(mask, 'seq')) as typeof mask

/** Where the prompt has been read: the position that predicts the first token that counts. */
const asked = (hidden: ResidualStream, { mask }: Sequences): SequenceState => chosen(hidden, mul(mask, sub(1, shifted(mask, -1))))
/** Where the completion has been read: its last token, which is the one after the position that predicts it. */
const ended = (hidden: ResidualStream, { mask }: Sequences): SequenceState => chosen(hidden, mul(shifted(mask, -1), sub(1, mask)))

// ------------------------------------------------------------------ parameters

/** What `build` makes of random numbers: matrices from N(0, 1 / embed); biases and the last layer of a value head are 0, so V begins as 0. */
export const initializeHead = <H>(config: ModelConfig, build: (config: ModelConfig, make: Initializer) => H, seed: number): H =>
  build(config, drawn(seed, config.embed ** -0.5))

/** A reward head under the name it has in Hugging Face's models for sequence classification. */
export const rewardHead = (config: ModelConfig, make: Initializer): RewardHead => {
  const { embed } = sizes(config)
  return { weight: make({ name: 'score.weight', role: 'matrix', shape: { embed }, stored: [[], ['embed']] }) }
}
/** A value head as wide as the model, under the names of the paper's code. */
export const valueHead = (config: ModelConfig, make: Initializer): ValueHead => {
  const { embed } = sizes(config)
  const bias = <A extends string>(layer: number, shape: { readonly [K in A]: number }, axes: readonly A[]): Tensor<A> =>
    make({ name: `v_head.summary.${layer}.bias`, role: 'bias', shape, stored: [axes] })
  const name = (layer: number) => `v_head.summary.${layer}.weight`
  return {
    first: {
      weight: make({ name: name(0), role: 'matrix', shape: { embed, hidden: embed }, stored: [['hidden'], ['embed']] }),
      bias: bias(0, { hidden: embed }, ['hidden']),
    },
    second: {
      weight: make({ name: name(3), role: 'matrix', shape: { hidden: embed, inner: embed }, stored: [['inner'], ['hidden']] }),
      bias: bias(3, { inner: embed }, ['inner']),
    },
    last: {
      weight: make({ name: name(6), role: 'bias', shape: { inner: embed }, stored: [[], ['inner']] }),
      bias: bias(6, {}, []),
    },
  }
}
