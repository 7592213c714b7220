/**
 * One token from its logits: the likeliest, or drawn from softmax(logits / temperature) cut down to the likeliest `topK`, or to the fewest that
 * together have probability `topP` (Holtzman et al. 2020, arXiv:1904.09751). A draw is a function of seed, position and row: no hidden state.
 */
import { uniform } from '../core/index.ts'

export interface SamplingOptions {
  /** 0 takes the likeliest token. Default 1. */
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  /** Default 0. */
  readonly seed?: number
}

export const pick = (
  logits: Float32Array | Float64Array,
  { temperature = 1, topK, topP, seed = 0 }: SamplingOptions,
  position: number,
  row: number,
): number => {
  const best = likeliest(logits)
  if (temperature === 0) return best
  const weights = Float64Array.from(logits, (x) => Math.exp((x - logits[best]!) / temperature))
  const candidates = topK === undefined && topP === undefined ? undefined : nucleus(weights, topK ?? weights.length, topP ?? 1)
  const total = candidates === undefined ? sum(weights) : candidates.reduce((s, i) => s + weights[i]!, 0)
  let left = uniform(seed, position, row) * total
  const count = candidates?.length ?? weights.length
  for (let k = 0; k < count; k++) {
    const i = candidates === undefined ? k : candidates[k]!
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

/** Tokens from the likeliest on: at most `topK`, and no more than it takes to reach `topP` of the probability. */
const nucleus = (weights: Float64Array, topK: number, topP: number): readonly number[] => {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b).slice(0, topK)
  const enough = topP * sum(weights)
  let reached = 0
  const last = order.findIndex((i) => {
    reached += weights[i]!
    return reached >= enough
  })
  return last < 0 ? order : order.slice(0, last + 1)
}
const sum = (xs: Float64Array): number => xs.reduce((a, b) => a + b, 0)
