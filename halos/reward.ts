/**
 * Rewards: how much the policy thinks of a completion. A closed vocabulary, every word strictly increasing in log π_θ(y|x), which
 * `verify` proves. p = log π_θ(y|x), u = p − log π_ref(y|x), n tokens, p̄ = p/n.
 *
 *     r_θ(x, y) = β u        the reward that DPO and KTO imply
 */
import { either as E } from 'fp-ts'
import { type Scalar, type Tensor, type Ternary, ternary } from '../core/index.ts'
import type { Completion, Part } from './evidence.ts'
import { type Checked, checked, number, positive } from './validation.ts'
import { boundedExp, capped, flatBeyond } from './words.ts'

export interface Reward<P extends Part = Part> {
  readonly name: string
  /** Which numbers of a completion it depends on: the loss asks for no others. */
  readonly reads: readonly P[]
  /** r per unit of log π_θ, where that is a constant, else 1: a mean of βu divided by β is a KL divergence in nats. */
  readonly scale: number
  /** r where the policy is its reference model, u = 0: the anchor that separates gains from losses without asking anyone. */
  readonly centre?: number
  /** It is the number of a reward model: no policy has it. */
  readonly explicit?: boolean
  /** The model that it is compared with is π_old, which sampled the completion, where the evidence tells that apart from π_ref. */
  readonly sampled?: boolean
  /** (log π_θ, log π_ref, tokens) ↦ r, in the scalar language: computed, differentiated and proved from this text. */
  readonly body: Ternary
}

/** r of every example. */
export const rewardOf = (reward: Reward): ((y: Pick<Completion, 'policy'> & Partial<Completion>) => Tensor<'example'>) => {
  const r = ternary(reward.body)
  const other = (y: Partial<Completion>) => (reward.sampled ? (y.old ?? y.reference) : y.reference)
  return (y) => r(y.policy, other(y) ?? 0, y.length ?? 1) // what it does not read may be absent
}

const word =
  <P extends Part>(reads: readonly P[]) =>
  (name: string, body: Ternary, { scale = 1, centre }: { readonly scale?: number; readonly centre?: number } = {}): Reward<P> => ({
    name,
    reads,
    scale,
    ...(centre !== undefined && { centre }),
    body,
  })
const relative = word(['policy', 'reference'])
const relativePerToken = word(['policy', 'reference', 'length'])
const absolute = word(['policy'])
const absolutePerToken = word(['policy', 'length'])

const withBeta = <R>(beta: number, make: (beta: number) => R): Checked<R> => E.map(make)(positive('reward.beta', beta))
const times = <A>(S: Scalar<A>, n: number, x: A): A => S.mul(S.of(n), x)

/** β u. */
export const logRatio = (beta: number) =>
  withBeta(beta, (b) => relative(`${b} u`, (S) => (p, q) => times(S, b, S.sub(p, q)), { scale: b, centre: 0 }))
/** β u/n. */
export const logRatioPerToken = (beta: number) =>
  withBeta(beta, (b) => relativePerToken(`${b} u/n`, (S) => (p, q, n) => times(S, b, S.div(S.sub(p, q), n)), { scale: b, centre: 0 }))
/** β p. */
export const logProbability = (beta: number) => withBeta(beta, (b) => absolute(`${b} p`, (S) => (p) => times(S, b, p), { scale: b }))
/** β p̄. */
export const logProbabilityPerToken = (beta: number) =>
  withBeta(beta, (b) => absolutePerToken(`${b} p/n`, (S) => (p, _, n) => times(S, b, S.div(p, n)), { scale: b }))
/**
 * log (π/(1 − π)) of the per-token probability π = e^p̄: p̄ − log(1 − e^p̄). At p̄ = 0 it is infinite; p̄ is kept below −2⁻⁵⁰,
 * so that a policy which has become certain has a large finite reward, and no gradient.
 */
export const logOdds: Checked<Reward<'policy' | 'length'>> = E.right(
  absolutePerToken('p̄ − log(1 − e^p̄)', (S) => (p, _, n) => {
    const below = times(S, -1, S.max(times(S, -1, S.div(p, n)), S.of(2 ** -50)))
    return S.sub(below, S.log(times(S, -1, S.expm1(below))))
  }),
)
/** q = e^u, u = log π_θ/π_old: the importance ratio. Its mean under π_old is 1. */
export const ratio: Checked<Reward<'policy' | 'reference' | 'old'>> = E.right({
  ...word<'policy' | 'reference' | 'old'>(['policy', 'reference', 'old'])(
    `e^u, ${flatBeyond('u')}`,
    (S) => (p, q) => boundedExp(S, S.sub(p, q)),
    { centre: 1 },
  ),
  sampled: true,
})
/** e^(u/n), the geometric mean of the tokens' ratios (GSPO). */
export const ratioPerToken: Checked<Reward<'policy' | 'reference' | 'old' | 'length'>> = E.right({
  ...word<'policy' | 'reference' | 'old' | 'length'>(['policy', 'reference', 'old', 'length'])(
    `e^(u/n), ${flatBeyond('u/n')}`,
    (S) => (p, q, n) => boundedExp(S, S.div(S.sub(p, q), n)),
    { centre: 1 },
  ),
  sampled: true,
})
/** β (1 − e^(−αp̄))/α, which is β p̄ as α → 0 (AlphaPO). */
export const alphaMap = (beta: number, alpha: number): Checked<Reward<'policy' | 'length'>> =>
  E.map((s: { readonly beta: number; readonly alpha: number }) =>
    absolutePerToken(`${s.beta} (1 − e^(−${s.alpha} p/n))/${s.alpha}`, (S) => (p, _, n) => {
      return times(S, -s.beta / s.alpha, S.expm1(capped(S, times(S, -s.alpha, S.div(p, n)))))
    }),
  )(checked({ beta: positive('reward.beta', beta), alpha: number('reward.alpha', 'a number other than 0', alpha, (a) => a !== 0) }))
/** −β e^(−u): the score of the forward KL divergence. */
export const forwardKL = (beta: number) =>
  withBeta(beta, (b) =>
    relative(`−${b} e^(−u), ${flatBeyond('−u')}`, (S) => (p, q) => times(S, -b, boundedExp(S, S.sub(q, p))), { centre: -b }),
  )
/** β log σ(u): the score of the Jensen–Shannon divergence. */
export const jensenShannon = (beta: number) =>
  withBeta(beta, (b) => relative(`${b} log σ(u)`, (S) => (p, q) => times(S, -b, S.softplus(S.sub(q, p))), { centre: -b * Math.LN2 }))
/**
 * −β e^(−αu)/α: the score β f′(q) of the α-divergence, f′(q) = (1 − q^(−α))/α (Wang et al. 2023, Table 1), less a constant that no
 * difference of scores sees. The forward KL divergence is α = 1; as α → 0, differences tend to those of β u, reverse KL.
 */
export const alphaDivergence = (beta: number, alpha: number): Checked<Reward<'policy' | 'reference'>> =>
  E.map((s: { readonly beta: number; readonly alpha: number }) =>
    relative(
      `−${s.beta} e^(−${s.alpha} u)/${s.alpha}, ${flatBeyond(`−${s.alpha} u`)}`,
      (S) => (p, q) => times(S, -s.beta / s.alpha, boundedExp(S, times(S, s.alpha, S.sub(q, p)))),
      { centre: -s.beta / s.alpha },
    ),
  )(checked({ beta: positive('reward.beta', beta), alpha: number('reward.alpha', 'a number other than 0', alpha, (a) => a !== 0) }))
/** R_φ(x, y): the number of an explicit reward model, which takes the place of the log-probability. */
export const scalarReward: Checked<Reward<'policy'>> = E.right({ ...absolute('R_φ', () => (r) => r), explicit: true })
