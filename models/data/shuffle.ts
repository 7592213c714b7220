/** Random orders from a seed: the same seed gives the same order, everywhere. */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/**
 * The values in a random order (Fisher–Yates); the same for the same seed, on every machine.
 * @param seed an integer of 32 bits
 * @example
 * ```ts
 * import { shuffle } from 'halograd/models'
 * const order = shuffle([0, 1, 2, 3], 1)
 * ```
 */
export const shuffle = <T>(values: readonly T[], seed: number): readonly T[] => {
  const random = xoroshiro128plus(seed)
  const shuffled = [...values]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i)
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}

/** A seed of its own for each use of one seed: for an epoch, a batch, a purpose. */
export const seedFor = (seed: number, ...uses: readonly number[]): number =>
  uses.reduce((mixed, use) => uniformInt(xoroshiro128plus((Math.imul(mixed, 0x9e3779b1) + use) | 0), -0x80000000, 0x7fffffff), seed)
