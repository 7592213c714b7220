/** Σ (√q − √t)², log t = (0, −10). */
import { divergence } from '../formula.ts'

export default divergence((q, t) => (Math.sqrt(q) - Math.sqrt(t)) ** 2)
