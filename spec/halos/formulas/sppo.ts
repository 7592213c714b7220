/** ½ ((u_w − (P − ½)/β)² + (u_l + (P − ½)/β)²), P = (1 + R_w − R_l)/2. */
import { ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => {
  const goal = ((1 + w.score - l.score) / 2 - 0.5) / 0.1
  return ((u(w) - goal) ** 2 + (u(l) + goal) ** 2) / 2
})
