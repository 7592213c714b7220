/**
 * What other libraries call our losses of tokens (see upstream.ts): the loss that is applied to every token or to every completion,
 * how it is averaged, and what they add to it.
 */
import { add, exp, fill, less, mean, mul, size, square, stopGradient, sub, sum, type Tensor, unary, where } from '../core/index.ts'
import type { Conventions, Hyper, Inputs, Upstream } from './cases.ts'
import type { Evidence } from './evidence.ts'
import type { Settings } from './family.ts'
import type { AnyLoss, Loss } from './loss.ts'
import { k3 } from './losses/grpo.ts'
import { type Average, averaged, ofTokens, perToken, type TokenEvidence } from './tokens.ts'
import { lesser } from './words.ts'

type UpstreamCell = 'example' | 'token'
type UpstreamTokens = Tensor<UpstreamCell>
type Completions = Tensor<'example'>
/** What a function of theirs makes of our loss and their inputs. */
type Call = (loss: AnyLoss, given: Inputs, hyper: Hyper) => ReturnType<NonNullable<Conventions['evaluate']>>
/** What they add to it. */
type Plus = (given: Inputs, hyper: Hyper) => Tensor

// ------------------------------------------------------------------ their inputs

const input = (given: Inputs, ...names: readonly string[]): UpstreamTokens => {
  const found = names.map((name) => given[name]).find((x) => x !== undefined)
  if (found === undefined) throw new TypeError(`the inputs lack ${names.join(' or ')}`)
  return found as UpstreamTokens // its axes are checked when it is used
}
const policyOf = (given: Inputs): UpstreamTokens => input(given, 'per_token_logps', 'new_logprobs', 'logprobs_new')
const oldOf = (given: Inputs): UpstreamTokens => input(given, 'old_per_token_logps', 'old_logprobs', 'ref_per_token_logps', 'logprobs_ref')
const refOf = (given: Inputs): UpstreamTokens => input(given, 'ref_per_token_logps', 'logprobs_ref')
const maskOf = (given: Inputs): UpstreamTokens => input(given, 'mask')
const advantageOf = (given: Inputs): Completions => input(given, 'advantages') as unknown as Completions // one a completion

/** A change to the log-ratios of tokens, before the loss sees them. */
type Tamed = (ratios: UpstreamTokens, given: Inputs, hyper: Hyper) => UpstreamTokens
const evidence = (given: Inputs, hyper: Hyper, reference: UpstreamTokens, tamed?: Tamed): TokenEvidence => {
  const policy = policyOf(given)
  const ratios = tamed?.(sub(policy, reference) as UpstreamTokens, given, hyper)
  return {
    policy: ratios === undefined ? policy : (add(reference, ratios) as UpstreamTokens),
    ...{ reference, mask: maskOf(given), advantage: input(given, 'advantages') },
  }
}
export const clamp = (low: number, high: number) => unary((S) => (x) => S.max(S.of(low), lesser(S, x, S.of(high))))
const within20: Tamed = (ratios) => clamp(-20, 20)(ratios)
/** HALOs' humanline: what a human would not believe of a token is clamped. */
export const humanlineBounds = ({ log_epsilon_P: low = -1, log_epsilon_R: high = 1.5 }: Hyper) => [Number(low), Number(high)] as const
const humanline: Tamed = (ratios, _, hyper) => (hyper.humanline === true ? clamp(...humanlineBounds(hyper))(ratios) : ratios)
/** GMPO clips every token's log-ratio, on the side where the advantage would exploit it. */
const clippedBySign: Tamed = (ratios, given, { epsilon_low, epsilon_high }) => {
  const sign = where(less(advantageOf(given), 0), -1, 1)
  const gained = mul(ratios, sign) as UpstreamTokens
  const clipped = clamp(-Number(epsilon_low), Number(epsilon_high))(gained)
  return mul(where(less(gained, clipped), gained, clipped), sign) as UpstreamTokens
}

// ------------------------------------------------------------------ their calls

/** These losses read no lengths, or are given them: the evidence is complete. */
const ofJudged = (loss: AnyLoss) => loss as unknown as Loss<Evidence<'policy' | 'reference' | 'length', 'judged'>>
const ofEach = (loss: AnyLoss) => loss as unknown as Loss<Evidence<'policy' | 'reference', 'judged'>>

/** Every token is an example. */
const tokens =
  (average: Average, tamed?: Tamed): Call =>
  (loss, given, hyper) =>
    perToken(ofEach(loss), average)(evidence(given, hyper, oldOf(given), tamed))
/** Every completion is an example… */
const completions =
  (tamed?: Tamed): Call =>
  (loss, given, hyper) =>
    ofJudged(loss).evaluate({ outcome: ofTokens(evidence(given, hyper, oldOf(given), tamed)), label: advantageOf(given) })
/** …that counts as often as it has tokens. */
const byLength: Call = (loss, given, hyper) => {
  const { losses } = completions()(loss, given, hyper)
  return { losses, loss: mean(mul(losses, sum(maskOf(given), 'token')) as Completions, 'example') }
}
/** Plus β times the estimate of KL(π_θ‖π_ref), where π_ref need not be π_old. */
const withKl =
  (average: Average, tamed?: Tamed): Call =>
  (loss, given, hyper) => {
    const clipped = perToken(ofEach(loss), average)(evidence(given, hyper, oldOf(given), tamed))
    const [beta, kl] = [Number(hyper.beta), k3(policyOf(given), refOf(given)) as UpstreamTokens]
    return {
      losses: add(clipped.losses, mul(kl, beta)) as UpstreamTokens,
      loss: add(clipped.loss, mul(averaged(kl, maskOf(given), average), beta)),
      kl: averaged(kl, maskOf(given), average),
    }
  }
/** VESPO weighs a completion by φ(q) = e^λ q^k e^(−λq) of its ratio q, held constant: CISPO, with φ in the place of q. */
const vespo: Call = (loss, given) => {
  const [policy, mask, advantage] = [policyOf(given), maskOf(given), advantageOf(given)]
  const ratios = clamp(-20, 20)(sub(policy, oldOf(given)) as UpstreamTokens)
  const ratio = clamp(Math.log(1e-8), 20)(sum(mul(ratios, mask) as UpstreamTokens, 'token'))
  const [k, lambda] = [where(less(advantage, 0), 3, 2), where(less(advantage, 0), 2, 3)]
  const phi = add(lambda, sub(mul(k, ratio), mul(lambda, exp(ratio)))) as Completions
  return perToken(ofEach(loss), 'token')({ policy, reference: stopGradient(sub(policy, phi) as UpstreamTokens), mask, advantage })
}
/** Nash-MD: REINFORCE, which is CISPO on the policy's own samples, with what a judge prefers less a penalty for every token. */
const nash: Call = (loss, given, { beta }) => {
  const [policy, reference] = [input(given, 'model_logprobs_model_data'), input(given, 'ref_logprobs_model_data')]
  const penalty = mul(stopGradient(sub(policy, reference) as UpstreamTokens), Number(beta))
  const advantage = sub(sub(input(given, 'probability') as unknown as Completions, 0.5), penalty) as UpstreamTokens
  const mask = fill({ example: size(policy, 'example'), token: size(policy, 'token') }, 1)
  return perToken(ofEach(loss), { limit: 1 })({ policy, reference: stopGradient(policy), mask, advantage })
}
/** XPO: a loss of pairs, whose completions are the model's and the reference model's, and a bonus for exploring. */
const xpo: Call = (loss, given, { alpha }) => {
  const total = (name: string): Completions => sum(input(given, name), 'token')
  const liked = input(given, 'chosen_mask') as unknown as Completions // one a pair: +1 where the model's completion was chosen
  const completion = (chosen: number) => {
    const own = less(0, mul(liked, chosen)) as Completions
    const pick = (model: string): Completions =>
      where(own, total(`${model}_logprobs_model_data`), total(`${model}_logprobs_ref_data`)) as Completions
    return { policy: pick('model'), reference: pick('ref') }
  }
  const { losses } = (loss as unknown as Loss<Evidence<'policy' | 'reference', 'pair'>>).evaluate({
    chosen: completion(1),
    rejected: completion(-1),
  })
  const all = add(losses, mul(total('model_logprobs_ref_data'), Number(alpha))) as Completions
  return { losses: all, loss: mean(all, 'example') }
}

// ------------------------------------------------------------------ what they add

/** A multiple of the mean log-ratio. */
const penalty =
  (sign: number): Plus =>
  (given, { KL_coef }) =>
    mul(averaged(sub(policyOf(given), refOf(given)) as UpstreamTokens, maskOf(given), 'token'), sign * Number(KL_coef))
/** The squared error of their critic. */
const critic: Plus = (given, { critic_coef }) =>
  mul(
    averaged(square(sub(input(given, 'values'), input(given, 'discounted_future_rewards')) as UpstreamTokens), maskOf(given), 'token'),
    Number(critic_coef) / 2,
  )
const clippedCritic: Plus = (given, { vf_coef, cliprange_value }) => {
  const [value, old, goal] = [input(given, 'values_new'), input(given, 'values_old'), input(given, 'returns')]
  const near = add(old, clamp(-Number(cliprange_value), Number(cliprange_value))(sub(value, old) as UpstreamTokens)) as UpstreamTokens
  const [own, clipped] = [square(sub(value, goal)) as UpstreamTokens, square(sub(near, goal)) as UpstreamTokens]
  return mul(averaged(where(less(own, clipped), clipped, own) as UpstreamTokens, maskOf(given), 'token'), Number(vf_coef) / 2)
}

// ------------------------------------------------------------------ the table

const trained = /^(per_token_logps|new_logprobs|logprobs_new|values|values_new|model_logprobs_\w+)$/
const entry = (family: string, settings: (hyper: Hyper) => Settings, call: Call, ...more: readonly Plus[]): Upstream => ({
  ...{ family, settings, desirableFirst: false },
  conventions: (hyper) => ({
    trained,
    evaluate: (loss, given) => {
      const { loss: own, ...rest } = call(loss, given, hyper)
      return { ...rest, loss: more.reduce((total, plus) => add(total, plus(given, hyper)), own) }
    },
  }),
})
const range =
  (low: string, high: string, dual?: string) =>
  (hyper: Hyper): Settings => ({ low: Number(hyper[low]), high: Number(hyper[high]), ...(dual && { dual: Number(hyper[dual]) }) })
const trl = range('epsilon_low', 'epsilon_high')
const rlhf = range('clip_eps_low', 'clip_eps_high')
const temperatures = (h: Hyper): Settings => ({ positive: Number(h.sapo_temperature_pos), negative: Number(h.sapo_temperature_neg) })
/** To [c, 1/c]. */
const inverse = ({ cliprange: c }: Hyper): Settings => ({ low: 1 - Number(c), high: 1 / Number(c) - 1 })
const beta = (h: Hyper): Settings => ({ beta: Number(h.beta) })
/** What is not clipped by the loss: as far as numbers go. */
const unclipped = (): Settings => ({ low: 1e9, high: 1e9 })
const unweighted = (): Settings => ({ most: Number.MAX_VALUE })

export const upstreamOfTokens: Readonly<Record<string, Upstream>> = {
  'trl_main/grpo/grpo': entry('ppo-clip', trl, withKl('completion')),
  'trl_main/grpo/bnpo': entry('ppo-clip', trl, withKl('token')),
  'trl_main/grpo/dr_grpo': entry('ppo-clip', trl, withKl({ limit: 10 })),
  'trl_main/grpo/dapo': entry('ppo-clip', trl, withKl('token')),
  'trl_main/grpo/sapo': entry('sapo', temperatures, withKl('completion')),
  'trl_main/grpo/cispo': entry('cispo', (h) => ({ most: Number(h.epsilon_high) }), withKl('token')),
  'trl_main/grpo/vespo': entry('cispo', unweighted, vespo),
  'trl_main/grpo/grpo_with_kl_beta': entry('ppo-clip', trl, withKl('completion')),
  'trl_main/grpo/gspo_sequence_level': entry('gspo', trl, completions()),
  'trl_main/grpo/luspo_sequence_level': entry('gspo', trl, byLength),
  'trl_main/grpo/two_sided_delta': entry('ppo-clip', range('epsilon_low', 'epsilon_high', 'delta'), withKl('token')),
  'trl_main/gmpo': entry('gspo', unclipped, completions(clippedBySign)),
  'trl_main/rloo': entry('ppo-clip', trl, completions()),
  'trl_main/ppo_clip': entry('ppo-clip', range('cliprange', 'cliprange'), tokens('token'), clippedCritic),
  'trl_main/nash_md/loss': entry('cispo', unweighted, nash),
  'trl_main/xpo/sigmoid': entry('dpo', beta, xpo),
  'trl_main/xpo/ipo': entry('ipo-sum', beta, xpo),
  'halos_main/grpo': entry('ppo-clip', range('epsilon', 'epsilon'), withKl('token', humanline)),
  'halos_main/grpo_humanline': entry('ppo-clip', range('epsilon', 'epsilon'), withKl('token', humanline)),
  'halos_main/ppo_clip': entry('ppo-clip', range('cliprange', 'cliprange'), tokens('token'), penalty(1), critic),
  'halos_legacy/ppo_clip': entry('ppo-clip', inverse, tokens('token'), penalty(-1), critic),
  'openrlhf/policy_ppo': entry('ppo-clip', rlhf, tokens('token', within20)),
  'openrlhf/policy_ppo_dual_clip': entry('ppo-clip', range('clip_eps_low', 'clip_eps_high', 'dual_clip'), tokens('token', within20)),
  'openrlhf/policy_gspo': entry('gspo', rlhf, completions()),
  'openrlhf/policy_ppo_seq_mean': entry('ppo-clip', rlhf, tokens('completion', within20)),
}
