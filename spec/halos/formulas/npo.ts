/** −(2/β) log σ(−β u) of undesirable completions; the mirror image of desirable ones. */
import { logSigmoid, ofJudged, u } from '../formula.ts'

export default ofJudged((y, s) => (-2 / 0.1) * logSigmoid(s * 0.1 * u(y)))
