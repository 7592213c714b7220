/**
 * f-PO with Jeffreys' divergence: both Kullback–Leibler divergences, added. Not a HALO.
 *
 *     L = mean Σ (q − t) (log q − log t)
 */
import { fPo } from '../fpo.ts'

export const fpoJeffreys = fPo(
  'fpo-jeffreys',
  'f-PO, Jeffreys',
  (S) => (logq, logt) => S.mul(S.sub(S.exp(logq), S.of(Math.exp(logt))), S.sub(logq, S.of(logt))),
)
