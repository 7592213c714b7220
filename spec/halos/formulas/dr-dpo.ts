/** −β′ log mean e^(−ℓ/β′), ℓ of DPO, at β′ = 1. */
import { type Formula, logSigmoid, u } from '../formula.ts'

const formula: Formula = {
  of: 'pairs',
  total: (rows) => -Math.log(rows.reduce((sum, { w, l }) => sum + Math.exp(logSigmoid(0.1 * (u(w) - u(l)))), 0) / rows.length),
}
export default formula
