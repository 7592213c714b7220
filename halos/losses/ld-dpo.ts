/**
 * Length-desensitized DPO: of the longer completion, the tokens beyond the length of the shorter one count less.
 *
 *     L = mean −log σ(β û_w − β û_l),   û = Σ_{t ≤ m} ρ_t + α Σ_{t > m} ρ_t,   m = min(n_w, n_l)
 */
import { either as E } from 'fp-ts'
import { iota, less, max, minimum, mul, size, sub, sum, type Tensor, where } from '../../core/index.ts'
import type { Completion } from '../evidence.ts'
import { family } from '../family.ts'
import { kind, type Parameter } from '../parameters.ts'
import { perceived } from '../perceived.ts'
import type { Roles, TokenRatios, TokenReading } from '../reading.ts'
import { ldDpo as source } from '../sources-variants.ts'
import { dpo } from './dpo.ts'

type Examples = Tensor<'example'>

/** Σ over tokens, those after the first `shared` times α. */
const shortened =
  (alpha: number, shared: Examples) =>
  ({ policy, reference, mask }: TokenRatios): Completion => {
    const length = sum(mask, 'token')
    const place = iota('token', size(mask, 'token'))
    const first = sub(max(mul(mask, place) as TokenRatios['mask'], 'token'), sub(length, 1)) // the tokens stand together
    const weight = mul(mask, where(less(sub(place, first), shared), 1, alpha)) as TokenRatios['mask']
    const total = (x: TokenRatios['mask']): Examples => sum(mul(x, weight) as TokenRatios['mask'], 'token')
    return { policy: total(policy), reference: total(reference), length }
  }

const reading = (alpha: number): TokenReading['read'] => {
  const lengthOf = (tokens: TokenRatios): Examples => sum(tokens.mask, 'token')
  return ({ chosen, rejected }: Roles<TokenRatios>) => {
    if (chosen === undefined || rejected === undefined) return {}
    const read = shortened(alpha, minimum(lengthOf(chosen), lengthOf(rejected)) as Examples)
    return { chosen: read(chosen), rejected: read(rejected) }
  }
}

const fractionSetting = kind('a fraction in [0, 1]', (x) => `0 ≤ ${x} ≤ 1`, [0, 1])

export const ldDpo = family(
  'ld-dpo',
  { beta: 0.1, alpha: 0.5 },
  ({ beta, alpha }) =>
    perceived(
      { name: 'LD-DPO', source: source('the length-desensitized likelihood') },
      dpo({ beta }),
      E.map(
        (α: Parameter): TokenReading => ({
          text: `tokens, those beyond the length of the shorter completion times ${α.value}`,
          latex: `\\log \\pi(y|x) = \\sum_{t \\le m} \\log \\pi(y_t|\\cdot) + ${α.value} \\sum_{t > m} \\log \\pi(y_t|\\cdot), \\quad m = \\min(|y_w|, |y_l|)`,
          added: {
            text: (S) => (x, given) => S.mul(given.α!, x),
            parameters: { α },
          },
          read: reading(α.value),
        }),
      )(fractionSetting('alpha', 'α', alpha)),
    ),
  [],
  'pairs, one completion much longer',
)
