/**
 * f-PO: any f-divergence between the preference that the policy implies and a nearly certain one. All but the logistic limit turn back: they are
 * least where both agree, z = 10, and rise beyond. Not HALOs.
 *
 *     L = mean Σ over both completions of D(q, t),   log q = log-softmax(β u_w, β u_l),   log t = (0, −10)
 */
import type { Binary, Scalar } from '../core/index.ts'
import { family } from './family.ts'
import { logRatio } from './reward.ts'
import { fPo as source } from './sources-variants.ts'
import { formula, pairwise } from './stated.ts'
import { logSigmoid } from './words.ts'

/** log t of the rejected completion, as the authors' code has it. */
const unlikely = -10

/** A divergence, as a function of log q and log t of one completion. */
type Side = <A>(S: Scalar<A>) => (logq: A, logt: number) => A

const body = (side: Side): Binary =>
  formula((S) => (w, l) => S.add(side(S)(logSigmoid(S, S.sub(w, l)), 0), side(S)(logSigmoid(S, S.sub(l, w)), unlikely)))

/** One divergence, as a family of losses. */
export const fPo = (key: string, name: string, side: Side) =>
  family(
    key,
    { beta: 0.1 },
    ({ beta }) =>
      pairwise({
        name,
        source: source('the divergences, preference targets'),
        reward: logRatio(beta),
        because: 'not monotone in log π: it rises beyond z = 10, where the preference would be stronger than its target',
        body: body(side),
      }),
    [],
    'pairs',
  )
