/** Published functions of tokens, and what they are of ours: a loss, what it is applied to, and how it is averaged. */
import { add, div, mul, sub, sum, type Tensor } from '../../core/index.ts'
import {
  type Average,
  catalogue,
  certain,
  type Evidence,
  find,
  type Loss,
  ofTokens,
  perToken,
  type TokenEvidence,
} from '../../halos/index.ts'

type Cell = 'example' | 'token'
type Judged = Loss<Evidence<'policy' | 'reference', 'judged'>>
type OfCompletions = Loss<Evidence<'policy' | 'reference' | 'length', 'judged'>>
type Hyper = Readonly<Record<string, unknown>>
/** The loss of tokens by name: `policy`, `old`, `reference`, `mask`, `advantages`. */
export type TokenFunction = (tokens: Readonly<Record<string, Tensor<Cell>>>, hyper: Hyper) => Tensor

const families = await catalogue()
const any = (key: string, settings: Readonly<Record<string, number>> = {}) => certain(find(families, key)!(settings))
const loss = (key: string, settings: Readonly<Record<string, number>> = {}): Judged => any(key, settings) as unknown as Judged // reads no lengths
const clip = (low: string, high: string, dual?: string) => (hyper: Hyper) =>
  loss('ppo-clip', { low: Number(hyper[low]), high: Number(hyper[high]), dual: dual === undefined ? 0 : Number(hyper[dual]) })

const evidence = (t: Readonly<Record<string, Tensor<Cell>>>, reference: Tensor<Cell>): TokenEvidence => ({
  ...{ policy: t.policy!, reference, mask: t.mask! },
  advantage: t.advantages as Tensor<Cell>,
})
const tokens =
  (make: (hyper: Hyper) => Judged, average: Average): TokenFunction =>
  (t, hyper) =>
    perToken(make(hyper), average)(evidence(t, t.old ?? t.reference!)).loss
/** …of whole completions: the mean over examples, each weighed by its length where `byLength`. */
const completions =
  (make: (hyper: Hyper) => OfCompletions, byLength = false): TokenFunction =>
  (t, hyper) => {
    const outcome = ofTokens(evidence(t, t.old!))
    const advantage = t.advantages as unknown as Tensor<'example'>
    return make(hyper).evaluate({ outcome, label: byLength ? (mul(advantage, outcome.length) as Tensor<'example'>) : advantage }).loss
  }
/** Plus a multiple of the mean log-ratio. */
const penalised =
  (f: TokenFunction, sign: number): TokenFunction =>
  (t, hyper) => {
    const { policy, reference, length } = ofTokens(evidence(t, t.reference!))
    return add(
      f(t, hyper),
      mul(sign * Number(hyper.KL_coef), div(sum(sub(policy, reference) as Tensor<'example'>, 'example'), sum(length, 'example'))),
    )
  }
/** A policy term against π_old, and β times the estimate of KL against π_ref: what GRPO with β = 1 has beyond PPO-Clip. */
const withKl =
  (average: Average, policyTerm: (hyper: Hyper) => Judged): TokenFunction =>
  (t, hyper) => {
    const against = (l: Judged, reference: Tensor<Cell>): Tensor => perToken(l, average)(evidence(t, reference)).loss
    const [clipped, both] = [loss('ppo-clip'), loss('grpo', { beta: 1 })].map((l) => against(l, t.reference!))
    const kl = add(both!, mul(clipped!, -1))
    return add(against(policyTerm(hyper), t.old ?? t.reference!), mul(kl, Number(hyper.beta)))
  }

const trl = clip('epsilon_low', 'epsilon_high')
const rlhf = clip('clip_eps_low', 'clip_eps_high')
const gspo = (low: string, high: string) => (hyper: Hyper) =>
  any('gspo', { low: Number(hyper[low]), high: Number(hyper[high]) }) as OfCompletions
const oneRange = (h: Hyper) => loss('ppo-clip', { low: Number(h.cliprange ?? h.epsilon), high: Number(h.cliprange ?? h.epsilon) })
/** To [c, 1/c]. */
const inverseRange = (h: Hyper) => loss('ppo-clip', { low: 1 - Number(h.cliprange), high: 1 / Number(h.cliprange) - 1 })
const sapo = (h: Hyper) => loss('sapo', { positive: Number(h.sapo_temperature_pos), negative: Number(h.sapo_temperature_neg) })

export const tokenFunctions: Readonly<Record<string, TokenFunction>> = {
  'trl_main/grpo/grpo': tokens(trl, 'completion'),
  'trl_main/grpo/bnpo': tokens(trl, 'token'),
  'trl_main/grpo/dr_grpo': tokens(trl, { limit: 10 }),
  'trl_main/grpo/dapo': tokens(trl, 'token'),
  'trl_main/grpo/sapo': tokens(sapo, 'completion'),
  'trl_main/grpo/cispo': tokens((h) => loss('cispo', { most: Number(h.epsilon_high) }), 'token'),
  'trl_main/grpo/grpo_with_kl_beta': withKl('completion', trl),
  'trl_main/grpo/gspo_sequence_level': completions(gspo('epsilon_low', 'epsilon_high')),
  'trl_main/grpo/luspo_sequence_level': completions(gspo('epsilon_low', 'epsilon_high'), true),
  'trl_main/grpo/two_sided_delta': tokens(clip('epsilon_low', 'epsilon_high', 'delta'), 'token'),
  'trl_main/rloo': completions(trl as (hyper: Hyper) => OfCompletions),
  'trl_main/ppo_clip': tokens(oneRange, 'token'),
  'halos_main/grpo': withKl('token', oneRange),
  'halos_main/ppo_clip': penalised(tokens(oneRange, 'token'), 1),
  'halos_legacy/ppo_clip': penalised(tokens(inverseRange, 'token'), -1),
  'openrlhf/policy_ppo': tokens(rlhf, 'token'),
  'openrlhf/policy_ppo_dual_clip': tokens(clip('clip_eps_low', 'clip_eps_high', 'dual_clip'), 'token'),
  'openrlhf/policy_gspo': completions(gspo('clip_eps_low', 'clip_eps_high')),
  'openrlhf/policy_ppo_seq_mean': tokens(rlhf, 'completion'),
}
/** Their means divide by a count + 1e-8. */
export const softened: ReadonlySet<string> = new Set([
  'openrlhf/policy_gspo',
  'openrlhf/policy_ppo_seq_mean',
  'openrlhf/policy_ppo_dual_clip',
  'openrlhf/policy_ppo',
])
/** They clamp log-ratios at ±20, which the ratios of this case exceed. */
export const saturated: ReadonlySet<string> = new Set(['G6_extreme'])
