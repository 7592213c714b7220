/** PPO-Clip of π_θ/π_old, and β (e^(−u) + u − 1) of π_θ/π_ref: the two models are apart. */
import { ofJudged, u } from '../formula.ts'

export default ofJudged((y, s) => {
  const q = Math.exp(y.p - y.old)
  return -Math.min(q * s, Math.min(Math.max(q, 0.8), 1.2) * s) + 0.04 * (Math.exp(-u(y)) + u(y) - 1)
})
