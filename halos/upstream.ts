/**
 * What other libraries call our losses: for each of their functions, which family it is, where its settings come from, and their
 * conventions. `halograd loss --entry trl_main/kto/kto` and the comparison with their published numbers both read this table.
 */
import { add, at, equal, maximum, mean, mul, size, square, sub, sum, type Tensor, where } from '../core/index.ts'
import { constant } from '../core/internal.ts'
import type { Conventions, Hyper, Upstream } from './cases.ts'
import type { Everything } from './evidence.ts'
import { logOdds, logProbability, logProbabilityPerToken, logRatio, type Reward } from './reward.ts'
import { clamp, humanlineBounds, upstreamOfTokens } from './upstream-tokens.ts'
import { type Checked, getOrThrow } from './validation.ts'

const numeric = (hyper: Hyper, name: string): number => Number(hyper[name])

type UpstreamTable = Readonly<Record<string, string | number>>
type Convention = (hyper: Hyper) => Conventions
/** Our setting → the name of their hyper-parameter, or a number of ours. */
const from =
  (table: UpstreamTable): Upstream['settings'] =>
  (hyper) =>
    Object.fromEntries(Object.entries(table).map(([ours, theirs]) => [ours, typeof theirs === 'number' ? theirs : numeric(hyper, theirs)]))

const beta = { beta: 'beta' }
const smooth = { ...beta, epsilon: 'label_smoothing' }
const bounds = { low: 'log_epsilon_P', high: 'log_epsilon_R' }
const weights = { ...beta, desirable: 'desirable_weight', undesirable: 'undesirable_weight' }
const paired = (family: string, table: UpstreamTable = beta, ...conventions: readonly Convention[]): Upstream => ({
  ...{ family, settings: from(table), desirableFirst: false },
  conventions: (hyper) => Object.assign({}, ...conventions.map((convention) => convention(hyper))) as Conventions, // a union of records
})
const judged = (family: string, table: UpstreamTable = weights, ...conventions: readonly Convention[]): Upstream => ({
  ...paired(family, table, ...conventions),
  desirableFirst: true,
})

/** The reference point is that sum over that count. */
const point = (total: number, count = 1): Conventions => ({ pooled: () => ({ sum: constant(total), count: constant(count) }) })
const atZero: Convention = () => point(0)
/** They report this reward, of their β (or of 1). */
const reports =
  (reward: (beta: number) => Checked<Reward>, name?: string): Convention =>
  (hyper) => ({ reported: getOrThrow(reward(name === undefined ? 1 : numeric(hyper, name))) })
const [reportsLogRatio, reportsPerToken] = [reports(logRatio, 'beta'), reports(logProbabilityPerToken, 'beta')]
/** Their loss has no reference model: ours is given one that thinks nothing. */
const referenceFree: Convention = () => ({
  inputs: (given) => ({
    ...given,
    ref_chosen_logps: mul(given.policy_chosen_logps!, 0),
    ref_rejected_logps: mul(given.policy_rejected_logps!, 0),
  }),
})
/** They are called on log-probabilities divided by ten, which stand in for averages and scores. */
/** They clamp the log-ratio of every token, if asked to. */
const humanline: Convention = (hyper) => ({
  inputs: (given) =>
    Object.fromEntries(
      Object.entries(given).map(([name, policy]) => {
        const reference = given[name.replace('policy_', 'ref_')]!
        const tamed = hyper.humanline === true && name.startsWith('policy_')
        return [name, tamed ? (add(reference, clamp(...humanlineBounds(hyper))(sub(policy, reference))) as Tensor<string>) : policy]
      }),
    ),
})
/** Their mean over unrelated completions does not count those whose log-ratio is exactly 0. */
const nonZero: Convention = (hyper) => ({
  pooled: (given) => {
    const { inputs = (x) => x } = humanline(hyper)
    const { policy_KL_logps: policy, ref_KL_logps: reference } = inputs(given)
    const ratios = sum(sub(policy!, reference!) as Tensor<'example' | 'token'>, 'token')
    return {
      sum: mul(sum(ratios, 'example'), numeric(hyper, 'beta')),
      count: maximum(sum(where(equal(ratios, 0), 0, 1) as Tensor<'example'>, 'example'), 1),
    }
  },
})
const tenths: Convention = () => ({
  inputs: (given) => Object.fromEntries(Object.entries(given).map(([name, x]) => [name, name === 'labels' ? x : mul(x, 0.1)])),
})

/**
 * The losses of other libraries, by library and name: which family of the catalogue, settings and conventions agree with each.
 * @throws DeclarationError, from its functions, where a hyper-parameter is invalid
 * @example
 * ```ts
 * import { upstream } from 'halograd/halos'
 * console.log(upstream['trl_main/kto/kto']?.family) // kto
 * ```
 */
export const upstream: Readonly<Record<string, Upstream>> = {
  ...upstreamOfTokens,
  'trl_main/kto/kto': judged('kto'),
  'trl_main/kto/apo_zero_unpaired': judged('kto-zero'),
  'trl_main/bco/train_running_delta': judged('bco', beta, (hyper) => ({
    pooled: ({ policy_logps, ref_logps }) => {
      const rewards = mul(sub(policy_logps!, ref_logps!), numeric(hyper, 'beta')) as Tensor<'example'>
      const [mean, count] = [numeric(hyper, 'initial_running_mean'), numeric(hyper, 'initial_count')]
      return { sum: add(sum(rewards, 'example'), mean * count), count: constant(size(rewards, 'example') + count) }
    },
  })),
  'trl_main/bco/eval_fixed_delta': judged('bco', beta, (hyper) => {
    const count = numeric(hyper, 'initial_count')
    return point(numeric(hyper, 'initial_running_mean') * count, count)
  }),
  'trl_main/dpo/sigmoid': paired('dpo'),
  'trl_main/dpo/hinge': paired('hinge'),
  'trl_main/dpo/ipo': paired('ipo', beta, reportsLogRatio),
  'trl_main/dpo/exo_pair': paired('exo-pair', smooth),
  'trl_main/dpo/nca_pair': paired('nca-pair'),
  'trl_main/dpo/robust': paired('robust-dpo', smooth),
  'trl_main/dpo/bco_pair': paired('bco-pair', beta, atZero),
  'trl_main/dpo/sppo_hard': paired('sppo-hard', beta, reportsLogRatio),
  'trl_main/dpo/aot': paired('aot', smooth),
  'trl_main/dpo/aot_unpaired': paired('aot-unpaired', smooth),
  'trl_main/dpo/apo_zero': paired('apo-zero'),
  'trl_main/dpo/apo_down': paired('apo-down'),
  'trl_main/dpo/discopop': paired('discopop', { ...beta, tau: 'discopop_tau' }),
  'trl_main/dpo/sigmoid_norm': paired('dpo-norm', beta, reportsLogRatio),
  'trl_main/dpo/multi_mpo_sigmoid_bco_pair': {
    ...paired('mpo', beta, atZero),
    settings: (hyper) => {
      const [preference = 1, quality = 1] = (hyper.loss_weights as readonly number[] | undefined) ?? [] // of sigmoid and bco_pair
      return { beta: numeric(hyper, 'beta'), preference, quality, generation: 0 }
    },
  },
  'trl_main/dpo/sigmoid_fdiv_forward_kl': paired('dpo-forward-kl', beta, reportsLogRatio),
  'trl_main/dpo/sigmoid_fdiv_js_divergence': paired('dpo-js', beta, reportsLogRatio),
  'trl_main/dpo/sigmoid_fdiv_alpha_0.5_float32': {
    ...paired('dpo-alpha', beta, reportsLogRatio),
    settings: (hyper) => ({ ...from(beta)(hyper), alpha: 1 - numeric(hyper, 'f_alpha_divergence_coef') }),
  },
  'trl_v0.28/dpo/sigmoid_cdpo': paired('cdpo', smooth),
  'trl_v0.28/dpo/ipo_unnormalised': paired('ipo-sum', beta, reportsLogRatio),
  'trl_v0.28/dpo/bco_pair_running_delta': paired('bco-pair'),
  'trl_v0.28/dpo/exo_pair': paired('exo-pair', smooth),
  'trl_v0.28/dpo/sigmoid_reference_free': paired('cdpo', smooth, referenceFree),
  'trl_v0.28/dpo/sigmoid_alpha_divergence_old': {
    ...paired('dpo-alpha', smooth, reportsLogRatio),
    settings: (hyper) => ({ ...from(smooth)(hyper), alpha: numeric(hyper, 'alpha_divergence_coef') }),
  },
  'trl_v0.9.4/dpo/kto_pair': paired('kto-pair'),
  'trl_main/cpo/sigmoid': paired('cpo', smooth),
  'trl_main/cpo/hinge': paired('slic-calibration', { ...beta, delta: 1 }),
  'trl_main/cpo/ipo': paired('ipo-sum', beta, referenceFree, reports(logProbability, 'beta')),
  'trl_main/cpo/simpo': paired('simpo', { ...smooth, gamma: 'simpo_gamma' }),
  'trl_main/cpo/alphapo_0.25': paired('alphapo', { ...smooth, gamma: 'simpo_gamma', alpha: 'alpha' }),
  'trl_main/orpo/odds_ratio_float32': paired('orpo-odds', beta, reportsPerToken),
  'trl_v0.23/orpo/odds_ratio_float64': paired('orpo-odds', beta, reportsPerToken),
  'trl_main/tpo/sigmoid': paired('cpo', smooth),
  'trl_main/tpo/tpo-l': paired('simpo', { ...smooth, gamma: 'tpo_l_gamma' }),
  'trl_main/online_dpo/sigmoid': paired('dpo'),
  'trl_main/online_dpo/ipo': paired('ipo-sum'),
  'trl_main/reward_bradley_terry': paired('bradley-terry', {}, ({ center_rewards_coefficient: centre }) => ({
    trained: /^rewards_/,
    evaluate: (loss, { rewards_chosen, rewards_rejected, margin }) => {
      const [own, other] = [rewards_chosen as Tensor<'example'>, rewards_rejected as Tensor<'example'>] // one a completion
      const policy = margin === undefined ? own : (sub(own, margin) as Tensor<'example'>)
      const outcome = loss.evaluate({ chosen: { policy }, rejected: { policy: other } } as Everything) // all that it reads
      const centred = mean(square(add(own, other)) as Tensor<'example'>, 'example')
      return { losses: outcome.losses, loss: add(outcome.loss, mul(centred, Number(centre ?? 0))) }
    },
  })),
  'halos_main/dpo': paired('dpo', beta, humanline),
  'halos_main/dpo_humanline': paired('humanline-dpo', { ...beta, ...bounds }),
  'halos_main/cdpo': paired('cdpo', { ...beta, epsilon: 'epsilon' }, humanline),
  'halos_main/ipo': paired('ipo', { beta: 'tau' }, humanline),
  'halos_main/slic': paired('slic', { delta: 'beta', lambda: 'lambda_coef' }, humanline),
  'halos_main/simpo': {
    ...paired('simpo', beta, reports(logProbabilityPerToken)),
    settings: (hyper) => ({ beta: numeric(hyper, 'beta'), gamma: numeric(hyper, 'beta') * numeric(hyper, 'gamma_beta_ratio') }),
  },
  'halos_main/bradley_terry': paired('bradley-terry', {}, () => ({
    trained: /_logits$/,
    inputs: ({ chosen_logits, rejected_logits }) => ({
      policy_chosen_logps: at(chosen_logits!, 'token', 1),
      policy_rejected_logps: at(rejected_logits!, 'token', 1),
    }),
  })),
  'halos_main/kto': judged('kto', weights, reports(logRatio), humanline, nonZero),
  'halos_main/kto_humanline': judged('humanline-kto', { ...weights, ...bounds }, reports(logRatio), nonZero),
  'halos_legacy/dpo': paired('dpo'),
  'halos_legacy/dpo_sigmoid': paired('dpo-sigmoid'),
  'halos_legacy/cdpo': paired('cdpo', { ...beta, epsilon: 'epsilon' }),
  'halos_legacy/slic': paired('slic', { delta: 'beta', lambda: 'lambda_coef' }),
  'halos_legacy/orpo': paired('orpo', { lambda: 'OR_scale' }, () => ({ reported: getOrThrow(logOdds) })),
  'halos_legacy/kto': judged('kto'),
  'halos_legacy/kto_zero': judged('kto-zero', beta),
  'halos_legacy/kto_logsigmoid': judged('kto-logsigmoid'),
  'halos_legacy/kto_surprisal': judged('kto-surprisal', weights, tenths),
  'eric_mitchell/dpo_cdpo': paired('cdpo', smooth),
  'eric_mitchell/ipo': paired('ipo-sum', beta, reportsLogRatio),
  'eric_mitchell/dpo_reference_free': paired('cdpo', smooth, referenceFree),
  'openrlhf/dpo': paired('cdpo', smooth),
  'openrlhf/dpo_ipo': paired('ipo-sum', beta, reportsLogRatio),
  'openrlhf/rm_PairWiseLoss': paired('bradley-terry', {}, tenths),
  'openrlhf/rm_LogExpLoss': paired('bradley-terry', {}, tenths),
  'openrlhf_old/kto': judged('kto'),
  'openrlhf_old/vanilla_kto': paired('kto-pair'),
  'liger/dpo/sigmoid': paired('dpo'),
  'liger/dpo/hinge': paired('hinge'),
  'liger/dpo/exo_pair': paired('exo-pair', smooth),
  'liger/dpo/nca_pair': paired('nca-pair'),
  'liger/dpo/robust': paired('robust-dpo', smooth),
  'liger/dpo/bco_pair': paired('bco-pair', beta, atZero),
  'liger/dpo/sppo_hard': paired('sppo-hard', beta, reportsLogRatio),
  'liger/dpo/apo_zero': paired('apo-zero'),
  'liger/dpo/apo_down': paired('apo-down'),
  'liger/dpo/discopop': paired('discopop'),
  'liger/cpo': paired('cpo'),
  'liger/simpo': paired('simpo', { ...beta, gamma: 'gamma' }),
  'liger/orpo': paired('orpo-odds', beta, reportsPerToken),
  'liger/kto': judged('kto', beta, (hyper) => point(numeric(hyper, 'beta') * numeric(hyper, 'kl'))),
  'liger/kto_without_reference': judged('kto', beta, (hyper) => point(numeric(hyper, 'beta') * numeric(hyper, 'kl'))),
}

/**
 * Functions of other libraries that compute no loss, each with what it computes instead.
 * @example
 * ```ts
 * import { noLosses } from 'halograd/halos'
 * console.log(noLosses['halos_main/ppo_advantages']) // it computes advantages, which a loss is then given
 * ```
 */
export const noLosses: Readonly<Record<string, string>> = {
  'halos_main/ppo_advantages': 'it computes advantages, which a loss is then given',
  'halos_legacy/ppo_advantages': 'it computes advantages, which a loss is then given',
}
