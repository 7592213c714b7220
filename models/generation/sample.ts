/**
 * One token from its logits: the likeliest, or drawn from softmax(logits / temperature) cut down to the likeliest `topK`, to the fewest that
 * together have probability `topP` (Holtzman et al. 2020, arXiv:1904.09751), and to those at least `minP` times as likely as the likeliest (Nguyen et
 * al. 2024, arXiv:2407.01082). A draw is a function of seed, position and row: no hidden state.
 */
import { uniform } from '../../core/internal.ts'

/** How a token is drawn from logits. topK and topP leave out unlikely tokens; by default none are. */
export interface SamplingOptions {
  /** 0 takes the likeliest token. Default 1. */
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  /** From 0 (default: all tokens) to 1. */
  readonly minP?: number
  /** Above 1, tokens that the text already has become less likely: positive logits are divided by it, negative ones multiplied. Default 1. */
  readonly repetitionPenalty?: number
  /** Default 0. */
  readonly seed?: number
}

export const pick = (
  logits: Float32Array | Float64Array,
  { temperature = 1, topK = logits.length, topP = 1, minP = 0, seed = 0 }: SamplingOptions,
  position: number,
  row: number,
): number => {
  const best = likeliest(logits)
  if (temperature === 0) return best
  // Loops, because this runs over the whole vocabulary for every token.
  const weights = new Float64Array(logits.length)
  let total = 0
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp((logits[i]! - logits[best]!) / temperature)
    total += weights[i]!
  }
  if (topK < weights.length || topP < 1) total = truncate(weights, total, topK, topP)
  if (minP > 0) total = atLeast(weights, minP)
  let left = uniform(seed, position, row) * total
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i]!
    if (left < 0) return i
  }
  return best
}

/** The first of the largest. */
const likeliest = (logits: ArrayLike<number>): number => {
  let best = 0
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i
  return best
}

/** Leaves the likeliest tokens: at most `topK`, and no more than it takes to reach `topP` of the probability. Returns their total weight. */
const truncate = (weights: Float64Array, total: number, topK: number, topP: number): number => {
  const descending = weights.toSorted().reverse()
  const enough = topP * total
  let reached = 0
  let kept = 0
  while (kept < topK && reached < enough && kept < descending.length) reached += descending[kept++]!
  const least = descending[kept - 1] ?? Infinity
  // Of several tokens that tie for the last place, the first ones stay.
  let places = kept - descending.subarray(0, kept).indexOf(least)
  for (let i = 0; i < weights.length; i++) if (weights[i]! < least || (weights[i] === least && places-- <= 0)) weights[i] = 0
  return reached
}

/** Leaves the tokens of at least this weight, where the likeliest weighs 1. Returns their total weight. */
const atLeast = (weights: Float64Array, least: number): number => {
  let total = 0
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! < least) weights[i] = 0
    total += weights[i]!
  }
  return total
}

/** Makes the tokens of a text less likely to come again, in place (Keskar et al. 2019, arXiv:1909.05858, with the signs that transformers has). */
export const penalize = (logits: Float32Array | Float64Array, text: readonly number[], penalty: number): void => {
  for (const token of new Set(text)) {
    const logit = logits[token]!
    logits[token] = logit > 0 ? logit / penalty : logit * penalty
  }
}

/** A token and log p of it, in nats: of the model itself, whatever was drawn from. */
export interface ScoredToken {
  readonly token: number
  readonly logProbability: number
  /** The likeliest tokens in its place, the likeliest first. */
  readonly likeliest: readonly { readonly token: number; readonly logProbability: number }[]
}

/** log softmax(logits) of a token, and of the `most` likeliest. */
export const scored = (logits: ArrayLike<number>, token: number, most: number): ScoredToken => {
  const highest = logits[likeliest(logits)]!
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - highest)
  const logProbability = (i: number): number => logits[i]! - highest - Math.log(sum)
  const order = most === 0 ? [] : Array.from(logits, (_, i) => i).sort((i, j) => logits[j]! - logits[i]! || i - j)
  return {
    token,
    logProbability: logProbability(token),
    likeliest: order.slice(0, most).map((i) => ({ token: i, logProbability: logProbability(i) })),
  }
}
