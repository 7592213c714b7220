/** max(0, γ − (p̄_w − p̄_l)). */
import { ofPairs } from '../formula.ts'

export default ofPairs((w, l) => Math.max(0, 0.5 - (w.p / w.n - l.p / l.n)))
