/**
 * Alignment by optimal transport on pairs: the k-th largest margin of the policy against the k-th largest of the reference model.
 *
 *     L = mean −log σ(z) + ε z,   z = β ((p_w − p_l)⁽ᵏ⁾ − (q_w − q_l)⁽ᵏ⁾),   q = log π_ref
 */
import { type Binary, binary, constant, mean, size, sub, type Tensor } from '../../core/index.ts'
import type { Evidence } from '../evidence.ts'
import { family } from '../family.ts'
import { type Checked, sound } from '../flaw.ts'
import { ofEqualRank } from '../reference.ts'
import { aot as source } from '../sources.ts'
import type { Stated } from '../stated.ts'

type Pairs = Evidence<'policy' | 'reference', 'pair'>

const stated = (beta: number, epsilon: number): Checked<Stated<Pairs>> => {
  const body: Binary = (S) => (own, rival) => {
    const z = S.mul(S.of(beta), S.sub(own, rival))
    return S.add(S.softplus(S.mul(S.of(-1), z)), S.mul(S.of(epsilon), z))
  }
  const loss = binary(body)
  return sound({
    name: 'AOT',
    source: source('the paired loss'),
    because: {
      reason:
        'a reference that moves with θ: the margin that a pair is held to is chosen by the rank of its own margin: it jumps when θ changes the order of other pairs',
    },
    needs: { pair: true, outcome: false, label: false, unrelated: false, reference: true, length: false, history: false },
    evaluate: ({ chosen, rejected }) => {
      const own = sub(chosen.policy, rejected.policy) as Tensor<'example'>
      const losses = loss(own, ofEqualRank(sub(chosen.reference, rejected.reference) as Tensor<'example'>, own)) as Tensor<'example'>
      const reward = (y: Pairs['chosen']) => binary((S) => (p, q) => S.mul(S.of(beta), S.sub(p, q)))(y.policy, y.reference)
      return {
        loss: mean(losses, 'example'),
        weight: constant(size(losses, 'example')),
        losses,
        rewards: { chosen: reward(chosen), rejected: reward(rejected) },
      }
    },
  })
}

export const aot = family('aot', { beta: 0.1, epsilon: 0 }, ({ beta, epsilon }) => stated(beta, epsilon))
