/**
 * Maximum a posteriori preference optimization: the rejected reward counts by how much better a judge finds the chosen completion, from 0
 * (equally good: nothing is rejected) to 1 (DPO). Not a HALO: two rewards.
 *
 *     L = mean −log σ(β (u_w − Δ u_l)),   Δ = R_w − R_l, scores in [0, 1]
 */
import { either as E } from 'fp-ts'
import { binary, mul, type Tensor } from '../../core/index.ts'
import { type Everything, type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { logRatio, type Reward, rewardOf } from '../reward.ts'
import { maPpo as source } from '../sources-variants.ts'
import { formula, type Stated } from '../stated.ts'
import { logSigmoid, negate } from '../words.ts'

type ScoredPair = Evidence<'policy' | 'reference', 'pair'> & Pick<Everything, 'margin'>

const cost = formula((S) => (w, l) => negate(S, logSigmoid(S, S.sub(w, l))))

const stated = (reward: Reward<'policy' | 'reference'>): Stated<ScoredPair> => {
  const r = rewardOf(reward)
  return {
    kind: 'stated',
    name: 'MaPPO',
    source: source('eq. 8'),
    because: 'two rewards: u of the chosen completion is compared with Δ u of the rejected one',
    formula: { body: cost, of: ['r_w', '\\left(R_w - R_l\\right) r_l'], reward },
    needs: needing('pair', 'reference', 'margin'),
    evaluate: ({ chosen, rejected, margin }) => {
      const [own, other] = [r(chosen), r(rejected)]
      const losses = binary(cost)(own, mul(margin!, other)) as Tensor<'example'> // it is needed
      return { ...meanOf(losses), rewards: { chosen: own, rejected: other } }
    },
  }
}

export const maPpo = family('mappo', { beta: 0.1 }, ({ beta }) => E.map(stated)(logRatio(beta)), [], 'pairs with scores in [0, 1]')
