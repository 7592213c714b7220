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

/** r of every example. */
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

/** β u. */
export const logRatio = (beta: number) => withBeta(beta, (b, given) => relative(`${b} u`, scaled, given, { scale: b, centre: 0 }))
/** β u/n. */
export const logRatioPerToken = (beta: number) =>
  withBeta(beta, (b, given) => relativePerToken(`${b} u/n`, scaled, given, { scale: b, centre: 0 }))
/** β p. */
export const logProbability = (beta: number) => withBeta(beta, (b, given) => absolute(`${b} p`, scaled, given, { scale: b }))
/** β p̄. */
export const logProbabilityPerToken = (beta: number) =>
  withBeta(beta, (b, given) => absolutePerToken(`${b} p/n`, scaled, given, { scale: b }))

const nearlyCertain = 2 ** -50
/**
 * log (π/(1 − π)) of the per-token probability π = e^p̄: p̄ − log(1 − e^p̄). At p̄ = 0 it is infinite; p̄ is kept below −2⁻⁵⁰,
 * so that a policy which has become certain has a large finite reward, and no gradient.
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
/** q = e^u, u = log π_θ/π_old: the importance ratio. Its mean under π_old is 1. */
export const ratio: Checked<Reward<'policy' | 'reference' | 'old'>> = valid(
  word('u', ['policy', 'reference', 'old'])(`e^u, ${flatBeyond('u')}`, exponential, {}, { centre: 1, sampled: true, flat: beyond('u', 1) }),
)
/** e^(u/n), the geometric mean of the tokens' ratios (GSPO). */
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
/** β (e^u + u): the score of the divergence χ² + KL (χPO). */
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
/** e^p̄, the inverse of the perplexity (SimPER). Where that is less than numbers hold, it is flat. */
export const inversePerplexity: Checked<Reward<'policy' | 'length'>> = valid(
  absolutePerToken(
    'e^p̄',
    (exp) => (S) => (x) => S.exp(exp === boundedExp ? floored(S, x) : x),
    {},
    { flat: { on: [-Infinity, -bound], why: `${flatBeyond('−p̄')}, where e^p̄ is 0 as nearly as makes no difference` } },
  ),
)
/** β (1 − e^(−αp̄))/α, which is β p̄ as α → 0 (AlphaPO). */
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
/** −β e^(−u): the score of the forward KL divergence. */
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
/** β log σ(u): the score of the Jensen–Shannon divergence. */
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
 * −β e^(−αu)/α: the score β f′(q) of the α-divergence, f′(q) = (1 − q^(−α))/α (Wang et al. 2023, Table 1), less a constant that no
 * difference of scores sees. The forward KL divergence is α = 1; as α → 0, differences tend to those of β u, reverse KL.
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
/** R_φ(x, y): the number of an explicit reward model, which takes the place of the log-probability. */
export const scalarReward: Checked<Reward<'policy'>> = valid(word('R', ['policy'])('R_φ', () => () => (x) => x, {}, { explicit: true }))
