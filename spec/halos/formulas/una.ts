/** (σ(β u) − y)². */
import { ofJudged, sigmoid, u } from '../formula.ts'

export default ofJudged((y, s) => (sigmoid(0.1 * u(y)) - (s > 0 ? 1 : 0)) ** 2)
