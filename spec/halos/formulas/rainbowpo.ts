/** −log σ(β ((p̄_w − p̄_l) − α (q̄_w − q̄_l) − (1 − α) h)), β = 10, α = 0.25, h = 0.1. */
import { logSigmoid, ofPairs } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(10 * (w.p / w.n - l.p / l.n - 0.25 * (w.q / w.n - l.q / l.n) - 0.75 * 0.1)))
