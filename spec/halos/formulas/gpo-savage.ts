/** 1/(1 + e^z)². */
import { ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => 1 / (1 + Math.exp(0.1 * (u(w) - u(l)))) ** 2)
