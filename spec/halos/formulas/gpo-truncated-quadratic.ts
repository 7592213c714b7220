/** max(0, 1 − z)². */
import { ofPairs, u } from '../formula.ts'

export default ofPairs((w, l) => Math.max(0, 1 - 0.1 * (u(w) - u(l))) ** 2)
