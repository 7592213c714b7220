/** −log σ(β p_w − β p_l), and the cross-entropy of the chosen completions, over all of their tokens. */
import { type Formula, logSigmoid } from '../formula.ts'

const formula: Formula = {
  of: 'pairs',
  total: (rows) => {
    const sum = (f: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + f(row), 0)
    return sum(({ w, l }) => -logSigmoid(0.1 * (w.p - l.p))) / rows.length - sum(({ w }) => w.p) / sum(({ w }) => w.n)
  },
}
export default formula
