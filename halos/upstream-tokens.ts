/**
 * What other libraries call our losses of tokens (see upstream.ts): the loss that is applied to every token or to every completion,
 * how it is averaged, and what they add to it.
 */
import { add, div, mul, sub, sum, type Tensor } from '../core/index.ts'
import type { Inputs } from './cases.ts'
import type { Evidence } from './evidence.ts'
import type { Settings } from './family.ts'
import type { AnyLoss, Loss } from './loss.ts'
import { k3 } from './losses/grpo.ts'
import { type Average, averaged, ofTokens, perToken, type TokenEvidence, type TokenOutcome } from './tokens.ts'
import type { Hyper, Upstream } from './upstream.ts'

type Cell = 'example' | 'token'
/** What a function of theirs makes of our loss and their inputs. */
type OfTokens = (loss: AnyLoss, given: Inputs, hyper: Hyper) => TokenOutcome

const column = (given: Inputs, ...names: readonly string[]): Tensor<Cell> => {
  const found = names.map((name) => given[name]).find((x) => x !== undefined)
  if (found === undefined) throw new TypeError(`the inputs lack ${names.join(' or ')}`)
  return found as Tensor<Cell> // its axes are checked when it is used
}
const old = (given: Inputs): Tensor<Cell> => column(given, 'old_per_token_logps', 'old_logprobs', 'ref_per_token_logps', 'logprobs_ref')
const ref = (given: Inputs): Tensor<Cell> => column(given, 'ref_per_token_logps', 'logprobs_ref')
const evidence = (given: Inputs, reference: Tensor<Cell>): TokenEvidence => ({
  policy: column(given, 'per_token_logps', 'new_logprobs', 'logprobs_new'),
  reference,
  mask: column(given, 'mask'),
  advantage: column(given, 'advantages'),
})
/** These losses read no lengths, or are given them: the evidence is complete. */
const ofJudged = (loss: AnyLoss) => loss as unknown as Loss<Evidence<'policy' | 'reference' | 'length', 'judged'>>

/** Every token is an example. */
const tokens =
  (average: Average): OfTokens =>
  (loss, given) =>
    perToken(loss as unknown as Loss<Evidence<'policy' | 'reference', 'judged'>>, average)(evidence(given, old(given)))
/** Every completion is an example; it counts as often as it has tokens where `byLength`. */
const completions =
  (byLength = false): OfTokens =>
  (loss, given) => {
    const outcome = ofTokens(evidence(given, old(given)))
    const advantage = given.advantages as unknown as Tensor<'example'> // one a completion
    const label = byLength ? (mul(advantage, outcome.length) as Tensor<'example'>) : advantage
    return ofJudged(loss).evaluate({ outcome, label })
  }
/** Plus β times the estimate of KL(π_θ‖π_ref), where π_ref need not be π_old. */
const withKl =
  (average: Average): OfTokens =>
  (loss, given, { beta }) => {
    const { losses, loss: clipped } = tokens(average)(loss, given, {})
    const { policy, mask } = evidence(given, ref(given))
    const kl = k3(policy, ref(given)) as Tensor<Cell>
    return {
      losses: add(losses, mul(kl, Number(beta))) as Tensor<Cell>,
      loss: add(clipped, mul(averaged(kl, mask, average), Number(beta))),
    }
  }
/** Plus or minus a multiple of the mean log-ratio. */
const penalised =
  (f: OfTokens, sign: number): OfTokens =>
  (loss, given, hyper) => {
    const { policy, reference, length } = ofTokens(evidence(given, ref(given)))
    const mean = div(sum(sub(policy, reference) as Tensor<'example'>, 'example'), sum(length, 'example'))
    const before = f(loss, given, hyper)
    return { ...before, loss: add(before.loss, mul(mean, sign * Number(hyper.KL_coef))) }
  }

const entry = (family: string, settings: (hyper: Hyper) => Settings, f: OfTokens): Upstream => ({
  ...{ family, settings, desirableFirst: false },
  conventions: (hyper) => ({ tokens: (loss, given) => f(loss, given, hyper) }),
})
const range =
  (low: string, high: string, dual?: string) =>
  (hyper: Hyper): Settings => ({ low: Number(hyper[low]), high: Number(hyper[high]), ...(dual && { dual: Number(hyper[dual]) }) })
const trl = range('epsilon_low', 'epsilon_high')
const rlhf = range('clip_eps_low', 'clip_eps_high')
const temperatures = (h: Hyper): Settings => ({ positive: Number(h.sapo_temperature_pos), negative: Number(h.sapo_temperature_neg) })
/** To [c, 1/c]. */
const inverse = ({ cliprange: c }: Hyper): Settings => ({ low: 1 - Number(c), high: 1 / Number(c) - 1 })

export const upstreamOfTokens: Readonly<Record<string, Upstream>> = {
  'trl_main/grpo/grpo': entry('ppo-clip', trl, tokens('completion')),
  'trl_main/grpo/bnpo': entry('ppo-clip', trl, tokens('token')),
  'trl_main/grpo/dr_grpo': entry('ppo-clip', trl, tokens({ limit: 10 })),
  'trl_main/grpo/dapo': entry('ppo-clip', trl, tokens('token')),
  'trl_main/grpo/sapo': entry('sapo', temperatures, tokens('completion')),
  'trl_main/grpo/cispo': entry('cispo', (h) => ({ most: Number(h.epsilon_high) }), tokens('token')),
  'trl_main/grpo/grpo_with_kl_beta': entry('ppo-clip', trl, withKl('completion')),
  'trl_main/grpo/gspo_sequence_level': entry('gspo', trl, completions()),
  'trl_main/grpo/luspo_sequence_level': entry('gspo', trl, completions(true)),
  'trl_main/grpo/two_sided_delta': entry('ppo-clip', range('epsilon_low', 'epsilon_high', 'delta'), tokens('token')),
  'trl_main/rloo': entry('ppo-clip', trl, completions()),
  'trl_main/ppo_clip': entry('ppo-clip', range('cliprange', 'cliprange'), tokens('token')),
  'halos_main/grpo': entry('ppo-clip', range('epsilon', 'epsilon'), withKl('token')),
  'halos_main/ppo_clip': entry('ppo-clip', range('cliprange', 'cliprange'), penalised(tokens('token'), 1)),
  'halos_legacy/ppo_clip': entry('ppo-clip', inverse, penalised(tokens('token'), -1)),
  'openrlhf/policy_ppo': entry('ppo-clip', rlhf, tokens('token')),
  'openrlhf/policy_ppo_dual_clip': entry('ppo-clip', range('clip_eps_low', 'clip_eps_high', 'dual_clip'), tokens('token')),
  'openrlhf/policy_gspo': entry('gspo', rlhf, completions()),
  'openrlhf/policy_ppo_seq_mean': entry('ppo-clip', rlhf, tokens('completion')),
}
