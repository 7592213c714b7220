/** −log σ(clip(β φ(ρ_w) − β φ(ρ_l), ±2R)), φ(ρ) = ρ + log ρ, R = 1. */
import { logSigmoid, ofPairs, u, type Y } from '../formula.ts'

const phi = (y: Y): number => Math.exp(u(y)) + u(y)
export default ofPairs((w, l) => -logSigmoid(Math.min(Math.max(0.1 * phi(w) - 0.1 * phi(l), -2), 2)))
