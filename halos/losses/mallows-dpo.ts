/**
 * Mallows-DPO: where people agree about a prompt, a preference is worth more; where a coin decides, nothing. Dispersion is told by the data, e.g. as
 * the normalised entropy of the reference model.
 *
 *     L = mean −log σ(−c log φ(x) (β u_w − β u_l)),   0 < φ ≤ 1
 */
import { either as E } from 'fp-ts'
import { add, log, maximum, mul, sub, type Tensor } from '../../core/index.ts'
import type { Completion } from '../evidence.ts'
import { family } from '../family.ts'
import { mallows as source } from '../sources-variants.ts'
import { positive } from '../validation.ts'
import { seenOtherwise } from '../view.ts'
import { dpo } from './dpo.ts'

export const mallowsDpo = family(
  'mallows-dpo',
  { beta: 0.1, scale: 0.29 },
  ({ beta, scale }) =>
    E.chain((c: number) =>
      seenOtherwise(
        dpo({ beta }),
        {
          name: 'Mallows-DPO',
          source: source('the loss with an estimated dispersion'),
          needs: { dispersion: true },
          seen: {
            text: `log-ratios times ${-c} log of the dispersion of the prompt`,
            latex: `z \\leftarrow -${c} \\log \\phi(x) \\, z`,
          },
        },
        () => (e) => {
          const agreement = maximum(0, mul(log(e.dispersion!), -c)) // it is needed
          const felt = ({ policy, reference, ...rest }: Completion): Completion => ({
            ...{ ...rest, reference },
            policy: add(reference, mul(agreement, sub(policy, reference))) as Tensor<'example'>,
          })
          return { ...e, chosen: felt(e.chosen), rejected: felt(e.rejected) }
        },
      ),
    )(positive('scale', scale)),
  [],
  'pairs on whose prompts people disagree more or less',
)
