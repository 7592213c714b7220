/**
 * The reward model: log-likelihood of the preferences under Bradley and Terry. R_φ takes the place of log π_θ in the evidence.
 *
 *     L = mean −log σ(R_w − R_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { scalarReward } from '../reward.ts'
import { bradleyTerry as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const bradleyTerry = family(
  'bradley-terry',
  {},
  () =>
    halo({
      name: 'Bradley–Terry',
      source: source('eq. 1'),
      reward: scalarReward,
      reference: rejected,
      value: logLogistic,
      t: always(negation),
    }),
  ['reward', 'BradleyTerryTrainer', 'RewardTrainer', 'PairWiseLoss', 'LogExpLoss'],
)
