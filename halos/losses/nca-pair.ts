/**
 * Noise contrastive alignment on pairs. Not a HALO: in the chosen reward it is least at r_w = log 2.
 *
 *     L = mean −log σ(r_w) − ½ log σ(−r_w) − ½ log σ(−r_l),   r = β u
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { nca as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'

export const ncaPair = family('nca-pair', { beta: 0.1 }, ({ beta }) =>
  pairwise({
    name: 'NCA-pair',
    source: source('the loss of pairs'),
    reward: logRatio(beta),
    because: 'not monotone in log π: in the chosen reward it is least at r_w = log 2, and rises beyond',
    body: formula((S) => (w, l) => S.add(S.softplus(S.mul(S.of(-1), w)), S.mul(S.of(0.5), S.add(S.softplus(w), S.softplus(l))))),
  }),
)
