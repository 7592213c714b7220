/**
 * The value function of Savage's loss: S-shaped, concave where z > −log 2, and so on all gains.
 *
 *     v(z) = −σ(−z)²,   v′(z) = 2 σ(−z)² σ(z)
 */
import { value } from './value.ts'
import { negate } from './words.ts'

export const savage = value('−σ(−z)²', (S) => (z) => {
  const miss = S.sigmoid(negate(S, z))
  return negate(S, S.mul(miss, miss))
})
