/** −log σ(β (u_w − u_l − λ max(0, −u_w))). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * (u(w) - u(l) - 50 * Math.max(0, -u(w)))))
