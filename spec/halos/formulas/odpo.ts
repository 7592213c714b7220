/** −log σ(β (u_w − u_l) − α log(R_w − R_l)). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * (u(w) - u(l)) - Math.log(w.score - l.score)))
