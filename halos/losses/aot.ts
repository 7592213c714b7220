/**
 * Alignment by optimal transport on pairs: the k-th largest margin of the policy against the k-th largest of the reference model.
 *
 *     L = mean −log σ(z) + ε z,   z = β ((p_w − p_l)⁽ᵏ⁾ − (q_w − q_l)⁽ᵏ⁾),   q = log π_ref
 */

import { either as E } from 'fp-ts'
import { type Binary, binary, sub, type Tensor } from '../../core/index.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { ofEqualRank } from '../reference.ts'
import { logRatio, type Reward, rewardOf } from '../reward.ts'
import { aot as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { checked, fraction } from '../validation.ts'

type AotPairs = Evidence<'policy' | 'reference', 'pair'>

const stated =
  (beta: number) =>
  ({ reward, epsilon }: { readonly reward: Reward; readonly epsilon: number }): Stated<AotPairs> => {
    const body: Binary = (S) => (own, rival) => {
      const z = S.mul(S.of(beta), S.sub(own, rival))
      return S.add(S.softplus(S.mul(S.of(-1), z)), S.mul(S.of(epsilon), z))
    }
    const r = rewardOf(reward)
    return {
      kind: 'stated',
      name: 'AOT',
      source: source('the paired loss'),
      because: 'a reference that is nobody’s: the margin that a pair is held to is that of another pair, under the reference model alone',
      formula: { body, of: ['\\Delta_\\theta^{(k)}', '\\Delta_{\\mathrm{ref}}^{(k)}'] },
      needs: needing('pair', 'reference'),
      evaluate: ({ chosen, rejected }) => {
        const own = sub(chosen.policy, rejected.policy) as Tensor<'example'>
        const rival = ofEqualRank(sub(chosen.reference, rejected.reference) as Tensor<'example'>, own)
        return { ...meanOf(binary(body)(own, rival) as Tensor<'example'>), rewards: { chosen: r(chosen), rejected: r(rejected) } }
      },
    }
  }

export const aot = family(
  'aot',
  { beta: 0.1, epsilon: 0 },
  ({ beta, epsilon }) => E.map(stated(beta))(checked({ reward: logRatio(beta), epsilon: fraction('epsilon', epsilon) })),
  ['aot-pair'],
)
