/** −log σ(β (u_w − u_l) + α (|y_w| − |y_l|)). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(0.1 * (u(w) - u(l)) + 0.01 * (w.n - l.n)))
