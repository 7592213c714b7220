/**
 * Losses of tokens: each token is an example of its own, with the advantage of its completion; what differs between GRPO, BNPO, DAPO and
 * Dr. GRPO is only how the tokens are averaged.
 *
 *     L = Σ_tokens w · ℓ,   w = 1/(n |y|)  (completion)   1/Σ|y|  (token)   1/(n · limit)  (Dr. GRPO)
 */
import { div, fill, flatten, maximum, minimum, mul, rename, size, sub, sum, type Tensor, unflatten } from '../core/index.ts'
import { constant } from '../core/internal.ts'
import type { Completion, Evidence } from './evidence.ts'
import type { Loss } from './loss.ts'

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

/** The log-probabilities of the tokens of completions, under two models. */
export type TokenRatios = Omit<TokenEvidence, 'advantage'>
/**
 * Humanline: completions as people would perceive them. What they would not believe of a token, a log-ratio beyond these bounds, is clamped,
 * and nothing is learnt from it. A loss of completions of which every token is seen so is its humanline variant:
 *
 *     contramap(({ chosen, rejected }) => ({ chosen: humanline()(chosen), rejected: humanline()(rejected) }))(dpo)
 *
 * r is then β Σ_t clamp(ρ_t): it never falls with log π_θ, and is flat outside. Ethayarajh et al. (2025), arXiv:2509.24207; the bounds are those
 * of its code, log ε_P and log ε_R. The paper also copies the policy into the reference model every few steps, which is the trainer's to do.
 */
export const humanline =
  (low = -1, high = 1.5) =>
  ({ policy, reference, mask }: TokenRatios): Completion => {
    const ratios = sub(policy, reference) as Tensor<TokenCell>
    const believed = mul(maximum(low, minimum(ratios, high)), mask) as Tensor<TokenCell>
    const total = sum(believed, 'token')
    return { policy: total, reference: mul(total, 0) as Tensor<'example'>, length: sum(mask, 'token') }
  }
