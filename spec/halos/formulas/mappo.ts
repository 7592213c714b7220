/** −log σ(β (u_w − (R_w − R_l) u_l)). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * (u(w) - (w.score - l.score) * u(l))))
