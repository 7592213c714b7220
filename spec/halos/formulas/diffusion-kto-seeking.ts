/** 1 − h, h = −log σ(−s (β u − z₀)), z₀ = max(0, mean of β u over the unrelated completions). */
import { type Formula, logSigmoid, u } from '../formula.ts'

const formula: Formula = {
  of: 'judgements',
  total: (rows) => {
    const point = Math.max(0, rows.reduce((sum, { l }) => sum + 0.1 * u(l), 0) / rows.length)
    return rows.reduce((sum, { w, s }) => sum + 1 + logSigmoid(-s * (0.1 * u(w) - point)), 0) / rows.length
  },
}
export default formula
