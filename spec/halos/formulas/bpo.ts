/** −log σ(β min(u_w, −α u_l)). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * Math.min(u(w), -0.3 * u(l))))
