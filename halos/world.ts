/**
 * The finite world: a few prompts x, a few completions y, softmax policies over them. Expectations are sums here, so what is said
 * of distributions can be checked exactly.
 */
import { draw, stream } from '../core/internal.ts'

/** p(y|x) for every prompt: rows of numbers that are not negative and sum to 1. */
export type Conditional = readonly (readonly number[])[]

export interface World {
  /** How often each prompt occurs. */
  readonly prompts: readonly number[]
  readonly policy: Conditional
  readonly reference: Conditional
}

export const softmax = (scores: readonly number[]): readonly number[] => {
  const most = Math.max(...scores)
  const weights = scores.map((s) => Math.exp(s - most))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => w / total)
}

/** Numbers in [−1, 1) that are always the same for the same seed. */
export const sequence = (seed: number): (() => number) => {
  const key = stream(seed, 1)
  let i = 0
  return () => 2 * draw(key, i++) - 1
}

/** A world of up to 4 prompts and 6 completions. */
export const worldOf = (seed: number): World => {
  const next = sequence(seed)
  const [x, y] = [2 + (Math.abs(Math.trunc(next() * 1e6)) % 3), 2 + (Math.abs(Math.trunc(next() * 1e6)) % 5)]
  const scores = (n: number, size: number) => Array.from({ length: n }, () => size * next())
  const table = () => Array.from({ length: x }, () => softmax(scores(y, 2)))
  return { prompts: softmax(scores(x, 1)), policy: table(), reference: table() }
}
