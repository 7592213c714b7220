/** −K a log σ(β u) − log σ(−β u). */
import { logSigmoid, ofJudged, u } from '../formula.ts'

export default ofJudged((y) => -y.score * logSigmoid(0.1 * u(y)) - logSigmoid(-0.1 * u(y)))
