/**
 * f-PO with the squared Hellinger distance. Not a HALO.
 *
 *     L = mean Σ (√q − √t)²
 */
import { fPo } from '../fpo.ts'

export const fpoHellinger = fPo('fpo-hellinger', 'f-PO, Hellinger', (S) => (logq, logt) => {
  const d = S.sub(S.exp(S.mul(S.of(0.5), logq)), S.of(Math.exp(logt / 2)))
  return S.mul(d, d)
})
