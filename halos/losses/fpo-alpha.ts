/**
 * f-PO with an α-divergence, α = ½ as in the authors' code. Not a HALO.
 *
 *     L = mean Σ t (U^(1−α) − (1 − α) U − α) / (α (α − 1)),   U = q/t
 */
import { fPo } from '../fpo.ts'

const alpha = 0.5

export const fpoAlpha = fPo('fpo-alpha', 'f-PO, α = ½', (S) => (logq, logt) => {
  const log = S.sub(logq, S.of(logt))
  const powers = S.sub(S.exp(S.mul(S.of(1 - alpha), log)), S.mul(S.of(1 - alpha), S.exp(log)))
  return S.mul(S.of(Math.exp(logt) / (alpha * (alpha - 1))), S.sub(powers, S.of(alpha)))
})
