/**
 * APO-down: lower the chosen completion's likelihood, and the rejected one's more. Not a HALO: it is not monotone in r_w.
 *
 *     L = mean σ(r_w) + 1 − σ(r_w − r_l),   r = β u
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { apo as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'

export const apoDown = family('apo-down', { beta: 0.1 }, ({ beta }) =>
  pairwise({
    name: 'APO-down',
    source: source('APO-down'),
    reward: logRatio(beta),
    because: 'not monotone in log π: it lowers the chosen reward where that exceeds the rejected one',
    body: formula((S) => (w, l) => S.add(S.sigmoid(w), S.sub(S.of(1), S.sigmoid(S.sub(w, l))))),
  }),
)
