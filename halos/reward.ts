/**
 * Rewards: how much the policy thinks of a completion. A closed vocabulary: only the constructors here make rewards. Each is a function ρ,
 * strictly increasing, which `verify` proves, of one argument that increases with log π_θ(y|x): p = log π_θ(y|x), u = p − log π_ref(y|x),
 * or those per token, for n tokens.
 *
 *     r_θ(x, y) = β u        the reward that DPO and KTO imply
 */
import { either as E } from 'fp-ts'
import { type Scalar, type Tensor, type Ternary, ternary } from '../core/index.ts'
import type { Interval } from '../core/internal.ts'
import type { Completion, CompletionPart } from './evidence.ts'
import { type DeclaredSettings, type Parameter, positiveSetting, type ScalarText, settingOtherThan, settled } from './parameters.ts'
import { type Checked, checked, valid } from './validation.ts'
import { vocabulary } from './vocabulary.ts'
import { bound, boundedExp, capped, flatBeyond, floored, negate } from './words.ts'

/** What a reward is a function of. */
export type Argument = 'u' | 'u/n' | 'p' | 'p/n' | 'R'

/**
 * A reward: a strictly increasing function of a completion's log-probability or log-ratio, in the scalar language. Made by the
 * constructors of this module only.
 */
export interface Reward<P extends CompletionPart = CompletionPart> {
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
  /** (log π_θ, log π_ref, tokens) ↦ r, in the scalar language: computed and differentiated from this text. */
  readonly body: Ternary
  /** r = ρ(argument), and ρ without the bound that keeps its exponential from overflowing: what is proved increasing. */
  readonly shape: RewardShape
}
interface RewardShape {
  readonly argument: Argument
  readonly text: ScalarText
  readonly unbounded: ScalarText
  readonly parameters: DeclaredSettings
  /** The arguments at which the bound acts, so that the reward that is computed is constant; in words. */
  readonly flat?: { readonly on: Interval; readonly why: string }
}

const rewards = vocabulary()
export const isReward = rewards.has

/**
 * The function that computes a reward for every example, as an expression. It reads only the parts of a completion that `reward.reads`
 * names; absent ones may be omitted.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * import { getOrThrow, logRatio, rewardOf } from 'halograd/halos'
 * const r = rewardOf(getOrThrow(logRatio(0.5)))
 * const y = { policy: tensor({ example: 2 }, [-10, -8]), reference: tensor({ example: 2 }, [-12, -8]) }
 * console.log([...(await read(reference(), r(y)))]) // [ 1, 0 ]
 * ```
 */
export const rewardOf = (reward: Reward): ((y: Pick<Completion, 'policy'> & Partial<Completion>) => Tensor<'example'>) => {
  const r = ternary(reward.body)
  const other = (y: Partial<Completion>) => (reward.sampled ? (y.old ?? y.reference) : y.reference)
  return (y) => r(y.policy, other(y) ?? 0, y.length ?? 1) // what it does not read may be absent
}

export const argumentOf: { readonly [A in Argument]: Ternary } = {
  u: (S) => (p, q) => S.sub(p, q),
  'u/n': (S) => (p, q, n) => S.div(S.sub(p, q), n),
  p: () => (p) => p,
  'p/n': (S) => (p, _, n) => S.div(p, n),
  R: () => (r) => r,
}
/** Every number that the argument may be: probabilities are at most 1. */
export const domainOf = (argument: Argument): Interval => (argument === 'p' || argument === 'p/n' ? [-Infinity, 0] : [-Infinity, Infinity])

type Exponential = <A>(S: Scalar<A>, x: A) => A
/** ρ, made with the exponential function: the one that is bounded, or the function itself. */
type RewardText = (exp: Exponential) => ScalarText
type Rest = Partial<Pick<Reward, 'scale' | 'centre' | 'explicit' | 'sampled'>> & Pick<RewardShape, 'flat'>

const word =
  <P extends CompletionPart>(argument: Argument, reads: readonly P[]) =>
  (name: string, made: RewardText, parameters: DeclaredSettings = {}, { scale = 1, flat, ...rest }: Rest = {}): Reward<P> => {
    const text = made(boundedExp)
    const shape: RewardShape = { argument, text, unbounded: made((S, x) => S.exp(x)), parameters, ...(flat && { flat }) }
    const [rho, inner] = [settled(text, parameters), argumentOf[argument]]
    const body: Ternary = (S) => (p, q, n) => rho(S)(inner(S)(p, q, n))
    return rewards.adopt({ name, reads, scale, ...rest, body, shape })
  }
const relative = word('u', ['policy', 'reference'])
const relativePerToken = word('u/n', ['policy', 'reference', 'length'])
const absolute = word('p', ['policy'])
const absolutePerToken = word('p/n', ['policy', 'length'])

/** β times something. */
const withBeta = <R>(beta: number, make: (beta: number, parameters: { readonly β: Parameter }) => R): Checked<R> =>
  E.map((β: Parameter) => make(β.value, { β }))(positiveSetting('reward.beta', 'β', beta))
const scaled: RewardText =
  () =>
  (S) =>
  (x, { β }) =>
    S.mul(β!, x)
/** The bound of exponents acts beyond this argument, for e^(k x). */
const beyond = (name: string, k: number): NonNullable<RewardShape['flat']> => ({
  on: k > 0 ? [bound / k, Infinity] : [-Infinity, bound / k],
  why: flatBeyond(`${k === 1 ? '' : k === -1 ? '−' : `${k} `.replace('-', '−')}${name}`),
})

/**
 * The reward r = β u, u = log π_θ(y|x) − log π_ref(y|x) in nats: the reward that DPO (arXiv:2305.18290, eq. 5) and KTO imply.
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logRatio } from 'halograd/halos'
 * const r = getOrThrow(logRatio(0.5)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -12, 4)) // 1
 * ```
 */
export const logRatio = (beta: number) => withBeta(beta, (b, given) => relative(`${b} u`, scaled, given, { scale: b, centre: 0 }))
/**
 * The reward r = β u/n: the log-ratio u per token of the completion, in nats.
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logRatioPerToken } from 'halograd/halos'
 * const r = getOrThrow(logRatioPerToken(2)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -12, 4)) // 1
 * ```
 */
export const logRatioPerToken = (beta: number) =>
  withBeta(beta, (b, given) => relativePerToken(`${b} u/n`, scaled, given, { scale: b, centre: 0 }))
/**
 * The reward r = β log π_θ(y|x), without a reference model (CPO, arXiv:2401.08417).
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logProbability } from 'halograd/halos'
 * const r = getOrThrow(logProbability(0.5)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -12, 4)) // -5
 * ```
 */
export const logProbability = (beta: number) => withBeta(beta, (b, given) => absolute(`${b} p`, scaled, given, { scale: b }))
/**
 * The reward r = β p̄, p̄ = log π_θ(y|x)/n: the average log-probability of a token (SimPO, arXiv:2405.14734).
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logProbabilityPerToken } from 'halograd/halos'
 * const r = getOrThrow(logProbabilityPerToken(2)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -12, 4)) // -5
 * ```
 */
export const logProbabilityPerToken = (beta: number) =>
  withBeta(beta, (b, given) => absolutePerToken(`${b} p/n`, scaled, given, { scale: b }))

const nearlyCertain = 2 ** -50
/**
 * The reward r = log(P/(1 − P)) of the per-token probability P = e^p̄: r = p̄ − log(1 − e^p̄) (ORPO, arXiv:2403.07691, eq. 4). r is
 * infinite at p̄ = 0; p̄ is kept below −2⁻⁵⁰, so that a policy that is certain has a large finite reward and no gradient.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logOdds } from 'halograd/halos'
 * const r = getOrThrow(logOdds).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(4 * Math.log(0.5), 0, 4)) // 0
 * ```
 */
export const logOdds: Checked<Reward<'policy' | 'length'>> = valid(
  absolutePerToken(
    'p̄ − log(1 − e^p̄)',
    (exp) => (S) => (x) => {
      const below = exp === boundedExp ? negate(S, S.max(negate(S, x), S.of(nearlyCertain))) : x
      return S.sub(below, S.log(negate(S, S.expm1(below))))
    },
    {},
    { flat: { on: [-nearlyCertain, 0], why: 'flat from p̄ = −2⁻⁵⁰ on, where a probability is 1 as nearly as makes no difference' } },
  ),
)
const exponential: RewardText = (exp) => (S) => (x) => exp(S, x)
/**
 * The reward r = q = e^u, u = log(π_θ/π_old): the importance ratio of policy gradients. Its mean under π_old is 1. The exponent is bounded
 * at 700 (float32: 80), beyond which r is flat.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, ratio } from 'halograd/halos'
 * const r = getOrThrow(ratio).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -10, 4)) // 1
 * ```
 */
export const ratio: Checked<Reward<'policy' | 'reference' | 'old'>> = valid(
  word('u', ['policy', 'reference', 'old'])(`e^u, ${flatBeyond('u')}`, exponential, {}, { centre: 1, sampled: true, flat: beyond('u', 1) }),
)
/**
 * The reward r = e^(u/n), u = log(π_θ/π_old): the geometric mean of the ratios of the tokens (GSPO, arXiv:2507.18071, eq. 6).
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, ratioPerToken } from 'halograd/halos'
 * const r = getOrThrow(ratioPerToken).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -10, 4)) // 1
 * ```
 */
export const ratioPerToken: Checked<Reward<'policy' | 'reference' | 'old' | 'length'>> = valid(
  word('u/n', ['policy', 'reference', 'old', 'length'])(
    `e^(u/n), ${flatBeyond('u/n')}`,
    exponential,
    {},
    {
      ...{ centre: 1, sampled: true, flat: beyond('u/n', 1) },
    },
  ),
)
/**
 * The reward r = β (e^u + u): the score of the divergence χ² + KL (χPO, arXiv:2407.13399).
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { chiSquared, getOrThrow } from 'halograd/halos'
 * const r = getOrThrow(chiSquared(0.5)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -10, 4)) // 0.5
 * ```
 */
export const chiSquared = (beta: number) =>
  withBeta(beta, (b, given) =>
    relative(
      `${b} (e^u + u), its exponential ${flatBeyond('u')}`,
      (exp) =>
        (S) =>
        (x, { β }) =>
          S.mul(β!, S.add(exp(S, x), x)),
      given,
      { centre: b },
    ),
  )
/**
 * The reward r = e^p̄, p̄ = log π_θ(y|x)/n: the inverse of the perplexity (SimPER, arXiv:2502.00883). It is flat below p̄ = −700, where
 * e^p̄ underflows.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, inversePerplexity } from 'halograd/halos'
 * const r = getOrThrow(inversePerplexity).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(0, 0, 4)) // 1
 * ```
 */
export const inversePerplexity: Checked<Reward<'policy' | 'length'>> = valid(
  absolutePerToken(
    'e^p̄',
    (exp) => (S) => (x) => S.exp(exp === boundedExp ? floored(S, x) : x),
    {},
    { flat: { on: [-Infinity, -bound], why: `${flatBeyond('−p̄')}, where e^p̄ is 0 as nearly as makes no difference` } },
  ),
)
/**
 * The reward r = β (1 − e^(−α p̄))/α, p̄ = log π_θ(y|x)/n, which tends to β p̄ as α → 0 (AlphaPO, arXiv:2501.03884).
 * @param beta a finite number above 0
 * @param alpha a finite number other than 0
 * @returns the reward, or the errors of both
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { alphaMap, getOrThrow } from 'halograd/halos'
 * const r = getOrThrow(alphaMap(2, 1)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(0, 0, 4)) // 0
 * ```
 */
export const alphaMap = (beta: number, alpha: number): Checked<Reward<'policy' | 'length'>> =>
  E.map(({ β, α }: { readonly β: Parameter; readonly α: Parameter }) =>
    absolutePerToken(
      `${β.value} (1 − e^(−${α.value} p/n))/${α.value}`,
      (exp) => (S) => (x, at) => {
        const exponent = negate(S, S.mul(at.α!, x))
        const kept = exp === boundedExp ? capped(S, exponent) : exponent
        return S.mul(negate(S, S.div(at.β!, at.α!)), S.expm1(kept))
      },
      { β, α },
      α.value > 0 ? { flat: beyond('p̄', -α.value) } : {},
    ),
  )(checked({ β: positiveSetting('reward.beta', 'β', beta), α: settingOtherThan(0)('reward.alpha', 'α', alpha) }))
/**
 * The reward r = −β e^(−u): the score of the forward KL divergence (Wang et al. 2023, arXiv:2309.16240, Table 1).
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { forwardKL, getOrThrow } from 'halograd/halos'
 * const r = getOrThrow(forwardKL(0.5)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -10, 4)) // -0.5
 * ```
 */
export const forwardKL = (beta: number) =>
  withBeta(beta, (b, given) =>
    relative(
      `−${b} e^(−u)`,
      (exp) =>
        (S) =>
        (x, { β }) =>
          S.mul(negate(S, β!), exp(S, negate(S, x))),
      given,
      {
        ...{ centre: -b, flat: beyond('u', -1) },
      },
    ),
  )
/**
 * The reward r = β log σ(u): the score of the Jensen–Shannon divergence, less a constant (arXiv:2309.16240, Table 1).
 * @param beta a finite number above 0; it has no default here
 * @returns the reward, or the error of β
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, jensenShannon } from 'halograd/halos'
 * const r = getOrThrow(jensenShannon(1)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -10, 4).toFixed(4)) // -0.6931
 * ```
 */
export const jensenShannon = (beta: number) =>
  withBeta(beta, (b, given) =>
    relative(
      `${b} log σ(u)`,
      () =>
        (S) =>
        (x, { β }) =>
          S.mul(negate(S, β!), S.softplus(negate(S, x))),
      given,
      { centre: -b * Math.LN2 },
    ),
  )
/**
 * The reward r = −β e^(−αu)/α: the score β f′(q) of the α-divergence, f′(q) = (1 − q^(−α))/α, less a constant, which cancels in
 * differences of scores (Wang et al. 2023, arXiv:2309.16240, Table 1). α = 1 is the forward KL divergence; as α → 0, differences tend to
 * those of β u.
 * @param beta a finite number above 0
 * @param alpha a finite number other than 0
 * @returns the reward, or the errors of both
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { alphaDivergence, getOrThrow } from 'halograd/halos'
 * const r = getOrThrow(alphaDivergence(1, 0.5)).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(-10, -10, 4)) // -2
 * ```
 */
export const alphaDivergence = (beta: number, alpha: number): Checked<Reward<'policy' | 'reference'>> =>
  E.map(({ β, α }: { readonly β: Parameter; readonly α: Parameter }) =>
    relative(
      `−${β.value} e^(−${α.value} u)/${α.value}, ${flatBeyond(`−${α.value} u`)}`,
      (exp) => (S) => (x, at) => S.mul(negate(S, S.div(at.β!, at.α!)), exp(S, S.mul(at.α!, negate(S, x)))),
      { β, α },
      { centre: -β.value / α.value, flat: beyond('u', -α.value) },
    ),
  )(checked({ β: positiveSetting('reward.beta', 'β', beta), α: settingOtherThan(0)('reward.alpha', 'α', alpha) }))
/**
 * The reward r = R_φ(x, y): the score of an explicit reward model, which takes the place of log π_θ in the evidence.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, scalarReward } from 'halograd/halos'
 * const r = getOrThrow(scalarReward).body(numbers) // of log π_θ(y|x), log π_ref(y|x) and the number of tokens
 * console.log(r(1.5, 0, 4)) // 1.5
 * ```
 */
export const scalarReward: Checked<Reward<'policy'>> = valid(word('R', ['policy'])('R_φ', () => () => (x) => x, {}, { explicit: true }))
