/** (β (u_w − u_l) − η (R_w − R_l))², η = 1. */
import { ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => (0.1 * (u(w) - u(l)) - (w.score - l.score)) ** 2)
