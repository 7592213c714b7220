/** Σ (q − t) log(q/t), log t = (0, −10). */
import { divergence } from '../formula.ts'

export default divergence((q, t) => (q - t) * Math.log(q / t))
