/** min(1, e^(p̄_w + p̄_l)), held, times −log σ(β (u_w − u_l)). */
import { heldWeights, logSigmoid, u } from '../formula.ts'

export default heldWeights(
  ({ w, l }) => Math.min(1, Math.exp(w.p / w.n + l.p / l.n)),
  ({ w, l }) => -logSigmoid(0.1 * (u(w) - u(l))),
)
