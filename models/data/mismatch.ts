/**
 * KTO's unrelated completions: z₀ is the mean reward of (x, y′), where y′ is a completion of *another* prompt of the batch.
 * Here y′ = y_σ(i) with σ a random derangement that avoids, where it can, equal completions and other completions of the same prompt
 * (which are related: with paired data, shifting a batch by one would compare each prompt with its own other completion).
 *
 * Source: Ethayarajh et al. (2024), arXiv:2402.01306, §4.1.
 */

import { BatchError } from '../io/errors.ts'
import { seedFor, shuffle } from './shuffle.ts'
import type { Example } from './truncate.ts'

/**
 * σ: whose completion each prompt gets. σ(i) ≠ i always; the number of prompts that get a completion equal to their own is the least possible.
 * @throws BatchError for a batch of one, which has no unrelated completion
 */
export const mismatch = (examples: readonly Example[], seed: number): readonly number[] => {
  if (examples.length < 2)
    throw new BatchError({
      field: 'batch',
      expected: 'at least 2 examples',
      found: String(examples.length),
      advice: "Use a larger batch: KTO's reference point z₀ is the mean reward of completions unrelated to their prompts.",
    })
  const prompts = examples.map(({ prompt }) => prompt.join())
  const completions = examples.map(({ completion }) => completion.join())
  const strict = classes(prompts, completions)
  const related = largest(strict) * 2 <= examples.length ? strict : classes(completions)
  return rotation(
    related.map((members, i) => shuffle(members, seedFor(seed, 1 + i))),
    seed,
  )
}

/** Each prompt with an unrelated completion, in the order of the prompts. @throws BatchError for a batch of one */
export const unrelated = (examples: readonly Example[], seed: number): readonly Example[] =>
  mismatch(examples, seed).map((other, i) => ({ prompt: examples[i]!.prompt, completion: examples[other]!.completion }))

const largest = (classes: readonly (readonly number[])[]): number => Math.max(...classes.map(({ length }) => length))

/**
 * The classes side by side on a circle, turned by the size m of the largest: with m ≤ n/2 nobody meets their own class;
 * beyond that 2m − n must, and exactly they do. If there is but one class, turned by one.
 */
const rotation = (classes: readonly (readonly number[])[], seed: number): readonly number[] => {
  const circle = shuffle(classes, seedFor(seed, 0)).flat()
  const turn = largest(classes) % circle.length || 1
  const sigma = new Array<number>(circle.length)
  for (const [k, i] of circle.entries()) sigma[i] = circle[(k + turn) % circle.length]!
  return sigma
}

/** The finest partition of the indices in which those that share a key, in any of the lists, are together. */
const classes = (...lists: readonly (readonly string[])[]): readonly (readonly number[])[] => {
  let members: readonly (readonly number[])[] = (lists[0] ?? []).map((_, i) => [i])
  for (const keys of lists) members = joined(members, keys)
  return members
}

/** Merges the classes that share a key. */
const joined = (classes: readonly (readonly number[])[], keys: readonly string[]): readonly (readonly number[])[] => {
  const byKey = new Map<string, Set<number>>()
  for (const members of classes) {
    const sharing = new Set(members.map((i) => byKey.get(keys[i]!)).filter((set) => set !== undefined))
    const union = new Set([...members, ...[...sharing].flatMap((set) => [...set])])
    for (const i of union) byKey.set(keys[i]!, union)
  }
  return [...new Set(byKey.values())].map((union) => [...union])
}
