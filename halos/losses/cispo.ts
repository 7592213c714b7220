/**
 * CISPO: REINFORCE with clipped importance weights, held constant. Not a HALO: the weight of an example depends on θ.
 *
 *     L = mean −A stop(min(q, c)) p,   q = π_θ/π_old
 */
import { either as E } from 'fp-ts'
import { binary, mul, stopGradient, sub, type Tensor } from '../../core/index.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { cispo as source } from '../sources.ts'
import { formula, type Stated } from '../stated.ts'
import { positive } from '../validation.ts'
import { boundedExp, lesser } from '../words.ts'

const stated = (most: number): Stated<Evidence<'policy' | 'reference' | 'old', 'judged'>> => {
  const weight = formula((S) => (p, q) => lesser(S, boundedExp(S, S.sub(p, q)), S.of(most)))
  return {
    kind: 'stated',
    name: 'CISPO',
    source: source('eq. 4'),
    because: 'weights that depend on θ: the importance weight is a function of θ, though no gradient flows through it',
    formula: {
      body: formula((S) => (p, w) => S.mul(S.of(-1), S.mul(w, p))),
      of: [
        '\\log \\pi_\\theta(y|x)',
        `\\mathrm{stop}\\left(\\min\\left(\\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{old}}(y|x)}, ${most}\\right)\\right)`,
      ],
      times: 'A',
    },
    needs: needing('outcome', 'label', 'reference'),
    evaluate: ({ outcome: { policy, reference: frozen, old: reference = frozen }, label }) => {
      const held = stopGradient(binary(weight)(policy, reference) as Tensor<'example'>)
      const losses = mul(-1, mul(label, mul(held, policy))) as Tensor<'example'>
      return { ...meanOf(losses), rewards: { outcome: sub(policy, reference) as Tensor<'example'> } }
    },
  }
}

export const cispo = family('cispo', { most: 5 }, ({ most }) => E.map(stated)(positive('most', most)))
