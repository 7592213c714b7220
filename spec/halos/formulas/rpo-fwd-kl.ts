/** Σ b (log b − log a), b = σ(±β (u_w − u_l)), a = σ(±η (R_w − R_l)). */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => {
  const [z, goal] = [0.1 * (u(w) - u(l)), w.score - l.score]
  const side = (s: number): number => Math.exp(logSigmoid(s * z)) * (logSigmoid(s * z) - logSigmoid(s * goal))
  return side(1) + side(-1)
})
