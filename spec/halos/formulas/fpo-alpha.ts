/** Σ t (U^(1−α) − (1 − α) U − α)/(α (α − 1)), U = q/t, α = ½, log t = (0, −10). */
import { divergence } from '../formula.ts'

export default divergence((q, t) => (t / (0.5 * -0.5)) * ((q / t) ** 0.5 - 0.5 * (q / t) - 0.5))
