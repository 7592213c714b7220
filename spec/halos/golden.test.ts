/**
 * Our losses against the numbers of published implementations: loss, per-example losses, rewards, reference point, gradients.
 * Which of their functions is which of ours is the table `upstream` of halos; what differs by their convention, or is known to be
 * wrong there, is named here with the reason.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import { type Case, catalogue, certain, evaluateCase, type Upstream, upstream } from '../../halos/index.ts'
import { whenShared } from '../shared.ts'
import { agree, type GoldenCase, goldenCases, goldenNames } from './golden.ts'

const backend = reference()
const families = new Map((await catalogue()).map((family) => [family.key, family]))

const order = <A>(entry: Upstream, { inputs: { labels = [] } }: Case, losses: readonly A[]): readonly A[] =>
  entry.desirableFirst ? [true, false].flatMap((label) => losses.filter((_, i) => labels[i] === label)) : losses
/** Without the critic's part. */
const lossOf = ({ outputs, hyper }: GoldenCase): unknown =>
  outputs.pg_loss ??
  (outputs.critic === undefined ? outputs.loss : Number(outputs.loss) - Number(hyper.critic_coef) * Number(outputs.critic))

/** Where float32 is used upstream. */
const coarse: { readonly [entry: string]: string } = {
  'trl_main/bco/train_running_delta': 'δ is held in float32',
  'trl_v0.28/dpo/bco_pair_running_delta': 'δ is held in float32',
  'trl_main/dpo/sigmoid_fdiv_alpha_0.5_float32': 'log-probabilities are cast to float32',
  'trl_main/orpo/odds_ratio_float32': 'log-probabilities are cast to float32',
}
/** Their losses come in order of rank: compared as a set. */
const ranked: ReadonlySet<string> = new Set(['trl_main/dpo/aot', 'trl_main/dpo/aot_unpaired'])
/** Their means divide by a count + 1e-8. */
const softened: ReadonlySet<string> = new Set([
  'openrlhf/policy_ppo',
  'openrlhf/policy_ppo_dual_clip',
  'openrlhf/policy_gspo',
  'openrlhf/policy_ppo_seq_mean',
])
/** What is not compared, and why. */
const ratios = 'they clamp log-ratios at ±20'
const kink = 'at a kink: half of the slopes on both sides here, one of them there; each is a subgradient'
const otherReward = 'they report log-ratios to a reference model which this loss does not use'
const excluded: { readonly [where: string]: string } = {
  'trl_main/kto/apo_zero_unpaired kl': 'reports a KL of [0] that nothing uses',
  'trl_main/dpo/multi_mpo_sigmoid_bco_pair losses': 'those of the last term only',
  'halos_main/bradley_terry losses': 'the mean, not those of the examples',
  'trl_main/dpo/hinge P12_hinge_kink_at_first_pair ∂loss/∂policy_chosen_logps': kink,
  'trl_main/dpo/hinge P12_hinge_kink_at_first_pair ∂loss/∂policy_rejected_logps': kink,
  'trl_v0.9.4/dpo/kto_pair P6_extreme_mixed ∂loss/∂policy_rejected_logps': kink,
  'openrlhf_old/vanilla_kto P6_extreme_mixed ∂loss/∂policy_rejected_logps': kink,
  ...Object.fromEntries(
    ['policy_ppo', 'policy_ppo_dual_clip', 'policy_gspo', 'policy_ppo_seq_mean'].flatMap((f) =>
      ['loss', '∂loss/∂per_token_logps'].map((what) => [`openrlhf/${f} G6_extreme ${what}`, ratios]),
    ),
  ),
  'trl_v0.28/dpo/sigmoid_reference_free chosen_rewards': otherReward,
  'trl_v0.28/dpo/sigmoid_reference_free rejected_rewards': otherReward,
  'eric_mitchell/dpo_reference_free chosen_rewards': otherReward,
  'eric_mitchell/dpo_reference_free rejected_rewards': otherReward,
  'trl_main/dpo/sigmoid_fdiv_alpha_0.5_float32 P10_small_beta rejected_rewards': 'a difference of float32 numbers near 7: 2e-4 relative',
}

const compare = async (name: string, entry: Upstream, c: GoldenCase): Promise<number> => {
  const loss = certain(families.get(entry.family)!(entry.settings(c.hyper)))
  const answer = await evaluateCase(backend, loss, c, entry.conventions(c.hyper))
  const ours: Readonly<Record<string, unknown>> = { ...answer, losses: order(entry, c, answer.losses) }
  const tolerance = name in coarse ? 1e-5 : softened.has(name) ? 1e-7 : 1e-9
  const errors: string[] = []
  let compared = 0
  const check = (what: string, mine: unknown, theirs: unknown): void => {
    if (theirs === undefined || `${name} ${what}` in excluded || `${name} ${c.id} ${what}` in excluded) return
    compared++
    try {
      agree(what, mine, theirs, tolerance)
    } catch (error) {
      errors.push(`${c.id} ${error instanceof Error ? error.message : ''}`)
    }
  }
  check('loss', ours.loss, lossOf(c))
  const told = 'tokens' in entry.conventions(c.hyper) ? ['losses'] : ['losses', 'chosen_rewards', 'rejected_rewards', 'kl']
  for (const what of told) check(what, ours[what], c.outputs[what])
  const sorted = (x: unknown): unknown => (ranked.has(name) && Array.isArray(x) ? [...x].sort((a, b) => Number(a) - Number(b)) : x)
  check('losses', sorted(ours.losses), sorted(c.outputs.losses_of_last_type))
  for (const [input, theirs] of Object.entries(c.grads).filter(([name]) => !name.startsWith('values')))
    check(`∂loss/∂${input}`, answer.grads[input], theirs)
  assert.deepEqual(errors, [])
  return compared
}

for (const [name, entry] of Object.entries(upstream))
  test(`${name} is our ${entry.family}`, whenShared('golden/losses.json'), async (t) => {
    const cases = goldenCases('losses', name)
    let compared = 0
    for (const c of cases) compared += await compare(name, entry, c)
    t.diagnostic(`${cases.length} cases, ${compared} comparisons`)
    assert.ok(compared > 0)
  })

/** What has no row in the catalogue, or is known to be wrong. */
const elsewhere: { readonly [entry: string]: string } = {
  'trl_main/xpo/sigmoid': 'DPO with an exploration bonus on samples of the model',
  'trl_main/xpo/ipo': 'IPO with an exploration bonus on samples of the model',
  'trl_main/nash_md/loss': 'a policy gradient against a mixture of models',
  'trl_main/grpo/vespo': 'weights that depend on θ through a gamma function',
  'trl_main/gmpo': 'a geometric mean of clipped token ratios',
  'halos_main/dpo_humanline': 'clamps the log-ratio of every token: not a function of completions',
  'halos_main/kto_humanline': 'clamps the log-ratio of every token: not a function of completions',
  'halos_main/grpo_humanline': 'clamps the log-ratio of every token: not a function of completions',
  'halos_main/slic': 'known to be wrong: broadcasts examples against tokens',
  'halos_main/ppo_advantages': 'advantages, not a loss',
  'halos_legacy/ppo_advantages': 'advantages, not a loss',
  'liger/kto_without_reference': 'known to be wrong: ignores the reference model',
}
test('every published function is one of ours, or named with the reason why not', whenShared('golden/losses.json'), () => {
  const missing = goldenNames('losses').filter((name) => !(name in upstream) && !(name in elsewhere))
  assert.deepEqual(missing, [])
})
