/** −log σ(β u_w − λ β u_l). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * u(w) - 0.75 * 0.1 * u(l)))
