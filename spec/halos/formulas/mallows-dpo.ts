/** −log σ(−c log φ β (u_w − u_l)), c = 0.29. */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(-0.29 * Math.log(w.score) * 0.1 * (u(w) - u(l))))
