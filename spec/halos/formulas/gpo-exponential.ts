/** e^(−z). */
import { ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => Math.exp(-0.1 * (u(w) - u(l))))
