/** −(2/β) log σ(β (−p̄ − γ)) of undesirable completions, at γ = 0. */
import { logSigmoid, ofJudged } from '../formula.ts'

export default ofJudged(({ p, n }, s) => (-2 / 2.5) * logSigmoid((s * 2.5 * p) / n))
