/** Σ ½ q log(q/t) − m log(m/t), m = ½ (q + t), log t = (0, −10). */
import { divergence } from '../formula.ts'

export default divergence((q, t) => 0.5 * q * Math.log(q / t) - 0.5 * (q + t) * Math.log((0.5 * (q + t)) / t))
