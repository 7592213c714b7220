/** (u_w − u_l − η (R_w − R_l))². */
import { ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => (u(w) - u(l) - (w.score - l.score)) ** 2)
