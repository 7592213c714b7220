/** −log σ(β u_w − β max(0, u_l)). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * u(w) - 0.1 * Math.max(0, u(l))))
