/**
 * DPO that is unbiased when a fraction ε of the preferences is flipped. It never saturates on gains.
 *
 *     L = mean −log σ(z) − ε/(1 − 2ε) z,   z = β u_w − β u_l
 */
import { either as E } from 'fp-ts'
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { robustDpo as source } from '../sources.ts'
import { fraction } from '../validation.ts'
import { robust } from '../value.ts'

export const robustDpo = family(
  'robust-dpo',
  { beta: 0.1, epsilon: 0.1 },
  ({ beta, epsilon }) =>
    halo({
      name: 'Robust DPO',
      source: source('the robust loss'),
      reward: logRatio(beta),
      reference: rejected,
      value: E.chain((e: number) => robust(e / (1 - 2 * e)))(fraction('epsilon', epsilon)),
      t: always(negation),
    }),
  ['robust'],
)
