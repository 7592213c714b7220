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

/**
 * A loss of judged completions, applied to every token with the advantage of its completion. `average` says how tokens are averaged:
 * `'completion'` (GRPO: the mean over completions of the mean over tokens), `'token'` (DAPO: over all tokens of the batch) or `{ limit }`
 * (Dr. GRPO: the sum over tokens, divided by the number of completions times a fixed length).
 * @returns a function from the evidence of tokens, axes `example` and `token`, to the loss and the losses of the tokens
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { catalogue, find, getOrThrow, type Loss, type Evidence, perToken } from 'halograd/halos'
 * const cells = (...xs: number[]) => tensor({ example: 1, token: xs.length }, xs)
 * const tokens = { policy: cells(-1, -2, -3), reference: cells(-1, -4, 0), mask: cells(1, 1, 0) }
 * const clip = getOrThrow(find(await catalogue(), 'ppo-clip')!()) as Loss<Evidence<'policy' | 'reference', 'judged'>>
 * const { loss } = perToken(clip, 'token')({ ...tokens, advantage: tensor({ example: 1 }, [1]) })
 * const [mean] = await read(reference(), loss)
 * console.log(mean?.toFixed(4)) // -1.1000
 * ```
 */
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

/**
 * Completions from tokens: log-probabilities are summed over the mask, and lengths counted. Axes in: `example`, `token`; out: `example`.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { ofTokens } from 'halograd/halos'
 * const cells = (...xs: number[]) => tensor({ example: 1, token: xs.length }, xs)
 * const tokens = { policy: cells(-1, -2, -3), reference: cells(-1, -4, 0), mask: cells(1, 1, 0) }
 * const { policy, length } = ofTokens(tokens)
 * console.log([...(await read(reference(), policy))], [...(await read(reference(), length))]) // [ -3 ] [ 2 ]
 * ```
 */
export const ofTokens = ({ policy, reference, mask }: TokenRatios) => ({
  policy: sum(mul(policy, mask) as Tensor<TokenCell>, 'token'),
  reference: sum(mul(reference, mask) as Tensor<TokenCell>, 'token'),
  length: sum(mask, 'token'),
})

/**
 * Completions in which the log-ratio of every token is clamped to [low, high], outside which nothing is learnt from a token. A loss of
 * such completions is its humanline variant: r = β Σ_t clamp(ρ_t) never falls with log π_θ, and is flat outside. Liu, Muennighoff & Ethayarajh
 * (2025), arXiv:2509.24207. The paper also copies the policy into the reference model every few steps, which is left to the trainer.
 * @param low the least log-ratio of a token in nats; default −1 (log ε_P of its code)
 * @param high the greatest; default 1.5 (log ε_R)
 * @returns a function from tokens, axes `example` and `token`, to completions, axis `example`
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { humanline } from 'halograd/halos'
 * const cells = (...xs: number[]) => tensor({ example: 1, token: xs.length }, xs)
 * const tokens = { policy: cells(-1, -2, -3), reference: cells(-1, -4, 0), mask: cells(1, 1, 0) }
 * const { policy, reference: of } = humanline()(tokens) // log-ratios 0, 2 and padding
 * console.log([...(await read(reference(), policy))], [...(await read(reference(), of))]) // [ 1.5 ] [ 0 ]
 * ```
 */
export const humanline =
  (low = -1, high = 1.5) =>
  ({ policy, reference, mask }: TokenRatios): Completion => {
    const ratios = sub(policy, reference) as Tensor<TokenCell>
    const believed = mul(maximum(low, minimum(ratios, high)), mask) as Tensor<TokenCell>
    const total = sum(believed, 'token')
    return { policy: total, reference: mul(total, 0) as Tensor<'example'>, length: sum(mask, 'token') }
  }

/**
 * `humanline` as a reading of tokens, for `perceived`; its bounds checked.
 * @param low the least log-ratio of a token in nats, at most 0
 * @param high the greatest, at least 0
 * @returns the reading, or the errors of both bounds
 * @example
 * ```ts
 * import { getOrThrow, humanlineReading } from 'halograd/halos'
 * console.log(getOrThrow(humanlineReading(-1, 1.5)).text) // tokens, each log-ratio clamped to [-1, 1.5]
 * ```
 */
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
