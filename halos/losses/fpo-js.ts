/**
 * f-PO with the Jensen–Shannon divergence. Not a HALO.
 *
 *     L = mean Σ ½ q (log q − log t) − m (log m − log t),   m = ½ (q + t)
 */
import { fPo } from '../fpo.ts'

export const fpoJs = fPo('fpo-js', 'f-PO, Jensen–Shannon', (S) => (logq, logt) => {
  const [q, half] = [S.exp(logq), S.of(0.5)]
  const middle = S.mul(half, S.add(q, S.of(Math.exp(logt))))
  const own = S.mul(half, S.mul(q, S.sub(logq, S.of(logt))))
  return S.sub(own, S.mul(middle, S.sub(S.log(middle), S.of(logt))))
})
