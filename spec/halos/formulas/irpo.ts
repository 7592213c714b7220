/** −log σ(β (u_w − u_l)) − α p_w/n_w, α = 1. */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * (u(w) - u(l))) - w.p / w.n)
