/**
 * Losses of tokens: each token is an example of its own, with the advantage of its completion; what differs between GRPO, BNPO, DAPO and
 * Dr. GRPO is only how the tokens are averaged.
 *
 *     L = Σ_tokens w · ℓ,   w = 1/(n |y|)  (completion)   1/Σ|y|  (token)   1/(n · limit)  (Dr. GRPO)
 */
import { either as E } from 'fp-ts'
import { div, fill, flatten, maximum, minimum, mul, rename, size, sub, sum, type Tensor, unflatten } from '../core/index.ts'
import { constant } from '../core/internal.ts'
import { type Completion, collect, type Evidence, roles } from './evidence.ts'
import type { Loss } from './loss.ts'
import { nonNegativeSetting, nonPositiveSetting, type Parameter } from './parameters.ts'
import type { TokenRatios, TokenReading } from './reading.ts'
import { type Checked, checked } from './validation.ts'
import { lesser } from './words.ts'

type TokenCell = 'example' | 'token'
export interface TokenEvidence {
  /** log π of every token. */
  readonly policy: Tensor<TokenCell>
  /** log π_old (or π_ref) of every token. */
  readonly reference: Tensor<TokenCell>
  /** 1 for the tokens of the completion, 0 for padding. */
  readonly mask: Tensor<TokenCell>
  /** The advantage, of a completion or of every token. */
  readonly advantage: Tensor<'example'> | Tensor<TokenCell>
}
export type Average = 'completion' | 'token' | { readonly limit: number }
export interface TokenOutcome {
  readonly loss: Tensor
  readonly losses: Tensor<TokenCell> | Tensor<'example'>
}

/** A loss of judged completions, applied to every token. */
export const perToken =
  (loss: Loss<Evidence<'policy' | 'reference', 'judged'>>, average: Average) =>
  ({ policy, reference, mask, advantage }: TokenEvidence): TokenOutcome => {
    const [n, length] = [size(policy, 'example'), size(policy, 'token')]
    const flat = (x: Tensor<TokenCell>): Tensor<'example'> => rename(flatten(x, ['example', 'token'], 'cell'), 'cell', 'example')
    const spread = mul(fill({ example: n, token: length }, 1), advantage) as Tensor<TokenCell>
    const { losses } = loss.evaluate({ outcome: { policy: flat(policy), reference: flat(reference) }, label: flat(spread) })
    const cells = unflatten(rename(losses, 'example', 'cell'), 'cell', { example: n, token: length })
    return { losses: cells, loss: averaged(cells, mask, average) }
  }

/** The average of a number for each token. */
export const averaged = (x: Tensor<TokenCell>, mask: Tensor<TokenCell>, average: Average): Tensor =>
  sum(mul(x, weights(mask, average)) as Tensor<TokenCell>, 'example', 'token')

const weights = (mask: Tensor<TokenCell>, average: Average): Tensor<TokenCell> => {
  const n = size(mask, 'example')
  if (average === 'token') return div(mask, sum(mask, 'example', 'token')) as Tensor<TokenCell>
  if (average === 'completion') return div(div(mask, sum(mask, 'token')), constant(n)) as Tensor<TokenCell>
  return div(mask, n * average.limit) as Tensor<TokenCell>
}

/** Completions from tokens: log-probabilities summed over the mask, lengths counted. */
export const ofTokens = ({ policy, reference, mask }: TokenRatios) => ({
  policy: sum(mul(policy, mask) as Tensor<TokenCell>, 'token'),
  reference: sum(mul(reference, mask) as Tensor<TokenCell>, 'token'),
  length: sum(mask, 'token'),
})

/**
 * Humanline: completions as people would perceive them. What they would not believe of a token, a log-ratio beyond these bounds, is clamped,
 * and nothing is learnt from it. A loss of completions of which every token is seen so is its humanline variant: r is β Σ_t clamp(ρ_t), which
 * never falls with log π_θ, and is flat outside. Liu, Muennighoff & Ethayarajh (2025), arXiv:2509.24207; the bounds are those of its code,
 * log ε_P and log ε_R.
 */
export const humanline =
  (low = -1, high = 1.5) =>
  ({ policy, reference, mask }: TokenRatios): Completion => {
    const ratios = sub(policy, reference) as Tensor<TokenCell>
    const believed = mul(maximum(low, minimum(ratios, high)), mask) as Tensor<TokenCell>
    const total = sum(believed, 'token')
    return { policy: total, reference: mul(total, 0) as Tensor<'example'>, length: sum(mask, 'token') }
  }

/** The same as a reading of tokens, for `perceived`. */
export const humanlineReading = (low: number, high: number): Checked<TokenReading> =>
  E.map(({ least, most }: { readonly least: Parameter; readonly most: Parameter }): TokenReading => {
    const see = humanline(least.value, most.value)
    return {
      text: `tokens, each log-ratio clamped to [${least.value}, ${most.value}]`,
      latex: `\\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)} = \\sum_t \\min\\left(\\max\\left(\\log \\frac{\\pi_\\theta(y_t|\\cdot)}{\\pi_{\\mathrm{ref}}(y_t|\\cdot)}, ${least.value}\\right), ${most.value}\\right)`,
      added: {
        text: (S) => (x, given) => S.max(given.least!, lesser(S, x, given.most!)),
        parameters: { least, most },
        flat: `flat where the log-ratio of a token is outside [${least.value}, ${most.value}]`,
      },
      read: (tokens) => collect(roles, (role) => tokens[role] && see(tokens[role])),
    }
  })(checked({ least: nonPositiveSetting('low', 'low', low), most: nonNegativeSetting('high', 'high', high) }))
