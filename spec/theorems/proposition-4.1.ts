/**
 * Proposition 4.1 of the KTO paper, at the level of log-probabilities:
 *
 *     ∂L/∂log π_θ(y|x) = −s λ β σ(z) σ(−z)        the exact update, largest (λβ/4) at z = 0, ≤ λβ e^(−|z|) everywhere
 */
import fc from 'fast-check'
import { dpo, getOrThrow, kto } from '../../halos/index.ts'
import { column, completion, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const real = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** The update of KTO on one judged completion of implied reward `reward`, compared with an unrelated one of reward 0. */
const update = async (beta: number, lambda: number, sign: number, reward: number): Promise<number> => {
  const loss = getOrThrow(kto({ beta, desirable: lambda, undesirable: lambda }))
  const even = completion(column(-1), [-1])
  const at = (policy: ReturnType<typeof column>) => completion(policy, [-1 - reward / beta])
  const [g] = await slope((policy) => loss.evaluate({ outcome: at(policy), label: column(sign), unrelated: even }).loss, [-1])
  return g!
}
/** The update of DPO on the chosen completion, at a margin of `reward`. */
const updateOfDpo = async (beta: number, reward: number): Promise<number> => {
  const even = completion(column(-1), [-1])
  const [g] = await slope(
    (p) => getOrThrow(dpo({ beta })).evaluate({ chosen: completion(p, [-1 - reward / beta]), rejected: even }).loss,
    [-1],
  )
  return g!
}
const close = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y)) + 1e-300

const settings = [real(0.01, 1), real(0.1, 3), fc.constantFrom(1, -1)] as const

const theUpdate = theorem('Proposition 4.1, the update', {
  statement: 'the KTO update is exactly −sλβσ(z)σ(−z), at most λβ/4',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Proposition 4.1',
  holds: fc.asyncProperty(...settings, real(-30, 30), async (beta, lambda, sign, z) => {
    const g = await update(beta, lambda, sign, z)
    return close(g, -sign * lambda * beta * sigmoid(z) * sigmoid(-z)) && Math.abs(g) <= ((lambda * beta) / 4) * (1 + 1e-12)
  }),
  controls: [
    {
      of: 'DPO, whose update is βσ(−z)',
      breaks: fc.asyncProperty(real(0.01, 1), real(-30, 30), async (beta, z) =>
        close(await updateOfDpo(beta, z), -beta * sigmoid(z) * sigmoid(-z)),
      ),
    },
  ],
})

const theLimit = theorem('Proposition 4.1, the limit', {
  statement: 'as the implied reward tends to ±∞, the KTO update tends to 0, at the rate e^(−|z|), and underflows to 0 far out',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Proposition 4.1',
  holds: fc.asyncProperty(...settings, real(20, 2000), fc.constantFrom(1, -1), async (beta, lambda, sign, size, side) => {
    const g = Math.abs(await update(beta, lambda, sign, side * size))
    return g <= lambda * beta * Math.exp(-size) * (1 + 1e-9) && (size < 750 || g === 0)
  }),
  controls: [
    {
      of: 'DPO, whose update tends to β as the margin tends to −∞',
      breaks: fc.asyncProperty(real(0.01, 1), real(20, 2000), fc.constantFrom(1, -1), async (beta, size, side) => {
        const g = Math.abs(await updateOfDpo(beta, side * size))
        return g <= beta * Math.exp(-size) * (1 + 1e-9)
      }),
    },
  ],
})

export default [theUpdate, theLimit]
