/**
 * CISPO: REINFORCE with clipped importance weights, held constant. Not a HALO: the weight of an example depends on θ.
 *
 *     L = mean −A stop(min(q, 1 + ε)) p
 */
import { binary, constant, mean, mul, size, stopGradient, sub, type Tensor } from '../../core/index.ts'
import type { Evidence } from '../evidence.ts'
import { family } from '../family.ts'
import { type Checked, sound } from '../flaw.ts'
import { cispo as source } from '../sources.ts'
import { formula, type Stated } from '../stated.ts'
import { boundedExp, negate } from '../words.ts'

const stated = (most: number): Checked<Stated<Evidence<'policy' | 'reference', 'judged'>>> => {
  const weight = binary((S) => (p, q) => S.mul(S.of(-1), S.max(S.of(-most), S.mul(S.of(-1), S.exp(S.sub(p, q))))))
  return sound({
    name: 'CISPO',
    source: source('eq. 4'),
    because: {
      reason: 'weights that depend on θ: the importance weight is a function of θ, though no gradient flows through it',
      body: formula((S) => (p, q) => S.mul(p, S.max(S.of(-most), negate(S, boundedExp(S, S.sub(p, q)))))),
      arguments: ['log π', 'log π_old'],
    },
    needs: { pair: false, outcome: true, label: true, unrelated: false, reference: true, length: false, history: false },
    evaluate: ({ outcome: { policy, reference }, label }) => {
      const held = stopGradient(weight(policy, reference) as Tensor<'example'>)
      const losses = mul(-1, mul(label, mul(held, policy))) as Tensor<'example'>
      return {
        loss: mean(losses, 'example'),
        weight: constant(size(losses, 'example')),
        losses,
        rewards: { outcome: sub(policy, reference) as Tensor<'example'> },
      }
    },
  })
}

export const cispo = family('cispo', { most: 5 }, ({ most }) => stated(most))
