/**
 * Humanline, on tokens (Ethayarajh et al. 2025, arXiv:2509.24207): what a human would not believe of a token is clamped, and not learnt from.
 *
 *     r = β Σ_t clamp(ρ_t, log ε_P, log ε_R),   ρ_t = log π_θ(y_t|·)/π_ref(y_t|·)
 */
import fc from 'fast-check'
import { add, broadcastTo, mul, rename, sum, type Tensor, tensor } from '../../core/index.ts'
import { contramap, dpo, getOrThrow, humanline, kto } from '../../halos/index.ts'
import type { TokenRatios } from '../../halos/internal.ts'
import { column, numbers, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const source = 'Ethayarajh et al. (2025), Humanline, arXiv:2509.24207; config.yaml of its code: log ε_P = −1, log ε_R = 1.5'
const [examples, tokens] = [2, 3]
const rows = (min: number, max: number) =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: examples * tokens, maxLength: examples * tokens })
const cells = (values: readonly number[]): Tensor<'example' | 'token'> => tensor({ example: examples, token: tokens }, values)
const all = cells(Array.from({ length: examples * tokens }, () => 1))
const ratios = (policy: readonly number[], reference: readonly number[]): TokenRatios => ({
  ...{ policy: cells(policy), reference: cells(reference), mask: all },
})

/** DPO and KTO of completions whose tokens are seen through these bounds. */
const losses = (low: number, high: number) => {
  const seen = humanline(low, high)
  const pairs = contramap((e: { readonly w: TokenRatios; readonly l: TokenRatios }) => ({ chosen: seen(e.w), rejected: seen(e.l) }))
  const judged = contramap((e: { readonly w: TokenRatios; readonly l: TokenRatios }) => ({
    ...{ outcome: seen(e.w), unrelated: seen(e.l), label: column(1, -1) },
  }))
  return [pairs(getOrThrow(dpo())), judged(getOrThrow(kto()))]
}

const identical = (low: number, high: number) =>
  fc.asyncProperty(rows(-9, -0.01), rows(-9, -0.01), rows(-9, -0.01), rows(-9, -0.01), async (p, q, r, s) => {
    const evidence = { w: ratios(p, q), l: ratios(r, s) }
    const unbounded = losses(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    for (const [i, loss] of losses(low, high).entries()) {
      const [own, base] = [await numbers(loss.evaluate(evidence).losses), await numbers(unbounded[i]!.evaluate(evidence).losses)]
      const sums = await plain(i, p, q, r, s)
      if (!own.every((x, k) => x === base[k] && Math.abs(x - sums[k]!) <= 1e-12)) return false
    }
    return true
  })
/** The base loss on log-probabilities of whole completions. */
const plain = async (which: number, ...[p, q, r, s]: readonly (readonly number[])[]): Promise<readonly number[]> => {
  const totals = (x: readonly number[]) =>
    column(...Array.from({ length: examples }, (_, i) => sumOf(x.slice(i * tokens, (i + 1) * tokens))))
  const of = (x: readonly number[], y: readonly number[]) => ({ policy: totals(x), reference: totals(y), length: column(tokens, tokens) })
  const [own, other] = [of(p!, q!), of(r!, s!)]
  const outcome =
    which === 0
      ? getOrThrow(dpo()).evaluate({ chosen: own, rejected: other })
      : getOrThrow(kto()).evaluate({ outcome: own, unrelated: other, label: column(1, -1) })
  return numbers(outcome.losses)
}
const sumOf = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)

/** ∂L/∂log π of each token of a chosen completion: 0 outside of the bounds, and inside one number, whatever the others are. */
const flat = (whole: boolean) =>
  fc.asyncProperty(fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: tokens, maxLength: tokens }), async (rho) => {
    const other = { policy: column(0), reference: column(0), length: column(1) }
    const at = (x: Tensor<'example'>) => {
      const each = rename(x, 'example', 'token')
      const policy = whole
        ? broadcastTo(sum(each, 'token'), { example: 1, token: 1 })
        : broadcastTo<'example' | 'token'>(each, { example: 1, token: tokens })
      const zero = mul(policy, 0) as typeof policy
      return getOrThrow(dpo()).evaluate({
        chosen: humanline(-1, 1.5)({ policy, reference: zero, mask: add(zero, 1) as typeof policy }),
        rejected: other,
      }).loss
    }
    const gradient = await slope(at, rho)
    const inside = rho.map((x) => x > -1 && x < 1.5)
    const moving = gradient.filter((_, i) => inside[i])
    return gradient.every((g, i) => inside[i] || g === 0) && moving.every((g) => g < 0 && g === moving[0])
  })

export default [
  theorem('Humanline', {
    statement:
      'with bounds at ±∞, and the reference model as it was, humanline DPO and KTO are DPO and KTO: to the bit on log-ratios of tokens',
    source,
    holds: identical(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    controls: [
      { of: 'the bounds that are used, −1 and 1.5', breaks: identical(-1, 1.5) },
      { of: 'bounds that few tokens meet, −8 and 8', breaks: identical(-8, 8) },
    ],
    cases: 100,
  }),
  theorem('Humanline is flat outside', {
    statement:
      'a token beyond the bounds has no gradient, one within has that of the base loss, whatever the other tokens do: r never falls with log π',
    source,
    holds: flat(false),
    controls: [{ of: 'bounds on the log-ratio of the whole completion', breaks: flat(true) }],
    cases: 100,
  }),
]
