/** Binary cross-entropy of σ(β u) with the label. */
import { ofJudged, sigmoid, u } from '../formula.ts'

export default ofJudged((y, s) => -Math.log(s > 0 ? sigmoid(0.1 * u(y)) : 1 - sigmoid(0.1 * u(y))))
