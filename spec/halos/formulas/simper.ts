/** −e^p̄_w + e^p̄_l. */
import { ofPairs } from '../formula.ts'

export default ofPairs((w, l) => -Math.exp(w.p / w.n) + Math.exp(l.p / l.n))
