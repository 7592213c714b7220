/**
 * The odds-ratio term of ORPO. Near certainty the odds are infinite; the reward stays finite there (reward.ts).
 *
 *     L = −λ mean log σ(log odds(p̄_w) − log odds(p̄_l))
 */
import { affine, always } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logOdds } from '../reward.ts'
import { orpo as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const orpoOdds = family('orpo-odds', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'ORPO, odds term',
    source: source('eq. 7'),
    reward: logOdds,
    reference: rejected,
    value: logLogistic,
    t: always(affine(0, beta)),
  }),
)
