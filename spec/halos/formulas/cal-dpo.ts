/** DPO at β = 1, and two squares. */
import { logSigmoid, ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => -logSigmoid(u(w) - u(l)) + 0.5 * ((u(w) - 1 / 0.2) ** 2 + (u(l) + 1 / 0.2) ** 2))
