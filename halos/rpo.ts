/**
 * Reward-aware preference optimization: the preference that the policy implies is drawn to the one that the scores of a judge imply. Not a
 * HALO: beyond it the loss rises.
 *
 *     L = mean D(z, η (R_w − R_l)),   z = β u_w − β u_l,   D a squared distance or a divergence of (σ(z), σ(−z)) from (σ(η ΔR), σ(−η ΔR))
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, mul, sub, type Tensor } from '../core/index.ts'
import { type Everything, type Evidence, needing } from './evidence.ts'
import { family } from './family.ts'
import { meanOf } from './loss.ts'
import { logRatio, type Reward, rewardOf } from './reward.ts'
import { rewardAware as source } from './sources-variants.ts'
import { formula, type Stated } from './stated.ts'
import { checked, positive } from './validation.ts'
import { logSigmoid } from './words.ts'

type RewardAwarePair = Evidence<'policy' | 'reference', 'pair'> & Pick<Everything, 'margin'>
interface RewardAwareSettings {
  readonly reward: Reward<'policy' | 'reference'>
  readonly eta: number
}

/** KL((σ(a), σ(−a)) ‖ (σ(b), σ(−b))). */
export const divergence: Binary = formula((S) => (a, b) => {
  const side = (x: typeof a, y: typeof a) => S.mul(S.sigmoid(x), S.sub(logSigmoid(S, x), logSigmoid(S, y)))
  const minus = S.of(-1)
  return S.add(side(a, b), side(S.mul(minus, a), S.mul(minus, b)))
})

/** One of the distances, as a family of losses. */
export const rewardAware = (key: string, name: string, distance: Binary) =>
  family(
    key,
    { beta: 0.1, eta: 1 },
    ({ beta, eta }) => E.map(stated(name, distance))(checked({ reward: logRatio(beta), eta: positive('eta', eta) })),
    [],
    'pairs with scores',
  )

const stated =
  (name: string, distance: Binary) =>
  ({ reward, eta }: RewardAwareSettings): Stated<RewardAwarePair> => {
    const r = rewardOf(reward)
    return {
      kind: 'stated',
      name,
      source: source('the distances'),
      because: 'not monotone in log π: it rises beyond the margin that the scores imply',
      formula: { body: distance, of: ['\\left(r_w - r_l\\right)', `${eta} \\left(R_w - R_l\\right)`], reward },
      needs: needing('pair', 'reference', 'margin'),
      evaluate: ({ chosen, rejected, margin }) => {
        const [own, other] = [r(chosen), r(rejected)]
        const losses = binary(distance)(sub(own, other) as Tensor<'example'>, mul(margin!, eta)) as Tensor<'example'> // it is needed
        return { ...meanOf(losses), rewards: { chosen: own, rejected: other } }
      },
    }
  }
