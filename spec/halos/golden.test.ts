/**
 * Our losses against the numbers of published implementations, by way of `halograd loss --entry`: loss, per-example losses, rewards,
 * reference point, gradients. Which of their functions is which of ours is the table `upstream` of halos; nothing of theirs is left out
 * but what is named here, with the reason.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { evaluateCases } from '../../app/inputs/evaluate-cases.ts'
import { noLosses, upstream } from '../../halos/index.ts'
import type { CaseResult } from '../../halos/internal.ts'
import { agree, type GoldenCase, goldenCases, goldenNames } from './golden.ts'

/** Where float32 is used upstream, or a mean divides by a count + 1e-8. */
const coarse: { readonly [entry: string]: readonly [tolerance: number, why: string] } = {
  'trl_main/bco/train_running_delta': [1e-5, 'δ is held in float32'],
  'trl_main/bco/eval_fixed_delta': [1e-5, 'δ is held in float32'],
  'trl_v0.28/dpo/bco_pair_running_delta': [1e-5, 'δ is held in float32'],
  'trl_main/dpo/sigmoid_fdiv_alpha_0.5_float32': [1e-5, 'log-probabilities are cast to float32'],
  'trl_main/orpo/odds_ratio_float32': [1e-5, 'log-probabilities are cast to float32'],
  'openrlhf/policy_ppo': [1e-7, 'divides by a count + 1e-8'],
  'openrlhf/policy_ppo_dual_clip': [1e-7, 'divides by a count + 1e-8'],
  'openrlhf/policy_gspo': [1e-7, 'divides by a count + 1e-8'],
  'openrlhf/policy_ppo_seq_mean': [1e-7, 'divides by a count + 1e-8'],
}
/** Their losses come in order of rank: compared as a set. */
const ranked: ReadonlySet<string> = new Set(['trl_main/dpo/aot', 'trl_main/dpo/aot_unpaired'])

const kink = 'at a kink: half of the slopes on both sides here, one of them there; each is a subgradient'
const divergence = 'of an f-divergence, compared below'
const otherReward = 'they report log-ratios to a reference model which this loss does not use'
const broadcast = 'known to be wrong: adds one number an example to one number a token'
/** What is not compared, and why. */
const excluded: { readonly [where: string]: string } = {
  'trl_main/kto/apo_zero_unpaired kl': 'reports a KL of [0] that nothing uses',
  'trl_main/dpo/multi_mpo_sigmoid_bco_pair losses': 'those of the last term only',
  'halos_main/bradley_terry losses': 'the mean, not those of the examples',
  'trl_main/dpo/hinge P12_hinge_kink_at_first_pair ∂policy_chosen_logps': kink,
  'trl_main/dpo/hinge P12_hinge_kink_at_first_pair ∂policy_rejected_logps': kink,
  'trl_v0.9.4/dpo/kto_pair P6_extreme_mixed ∂policy_rejected_logps': kink,
  'openrlhf_old/vanilla_kto P6_extreme_mixed ∂policy_rejected_logps': kink,
  'trl_v0.28/dpo/sigmoid_reference_free chosen_rewards': otherReward,
  'trl_v0.28/dpo/sigmoid_reference_free rejected_rewards': otherReward,
  'eric_mitchell/dpo_reference_free chosen_rewards': otherReward,
  'eric_mitchell/dpo_reference_free rejected_rewards': otherReward,
  'trl_main/dpo/sigmoid_fdiv_alpha_0.5_float32 P10_small_beta rejected_rewards': 'a difference of float32 numbers near 7: 2e-4 relative',
  ...Object.fromEntries(
    ['forward_kl', 'js_divergence', 'alpha_0.5_float32'].flatMap((f) =>
      ['chosen_scores', 'rejected_scores'].map((what) => [`trl_main/dpo/sigmoid_fdiv_${f} ${what}`, divergence]),
    ),
  ),
  'halos_main/slic': broadcast,
  'liger/kto chosen_rewards_sum': 'known to be wrong: a sum over n × n pairs of reward and label',
  'liger/kto rejected_rewards_sum': 'known to be wrong: a sum over n × n pairs of reward and label',
  'liger/kto_without_reference': 'known to be wrong: ignores the reference model',
}
/** What their trainers also log: no part of the loss. */
const logged: ReadonlySet<string> = new Set([
  ...['log_odds_ratio', 'log_odds_chosen', 'score', 'kl_div', 'clip_ratio', 'ppo_kl', 'weighted_adv'],
  ...['chosen_unclamped', 'rejected_unclamped'],
  // The parts of a sum that is compared.
  ...['pg_loss', 'vf_loss', 'policy', 'critic', 'xpo_losses'],
])

/** What ours is of an output of theirs, under their name, and theirs as ours has it. */
const named = (what: string, ours: CaseResult, { outputs, hyper }: GoldenCase): readonly [what: string, ours: unknown, theirs: unknown] => {
  const theirs = outputs[what]
  switch (what) {
    case 'losses_of_last_type':
      return ['losses', ours.losses, theirs]
    case 'per_token_loss':
      return ['losses', ours.losses, (theirs as readonly (readonly number[])[]).flat()]
    case 'losses_as_returned':
      return ['losses', ours.losses, (theirs as readonly number[]).map((x) => -x)]
    case 'dpo_losses':
      return ['losses', ours.losses, (theirs as readonly number[]).map((x, i) => x + (outputs.xpo_losses as readonly number[])[i]!)]
    case 'chosen_scores':
    case 'rejected_scores': {
      const rewards = what === 'chosen_scores' ? ours.chosen_rewards : ours.rejected_rewards
      return [what, rewards.map((r) => r / Number(hyper.beta)), theirs]
    }
    case 'delta':
    case 'running_mean_delta':
      return ['kl', ours.kl, Number(theirs) / Number(hyper.beta)]
    default:
      return [what, (ours as unknown as Readonly<Record<string, unknown>>)[what], theirs]
  }
}

/** Where a token is padding, of log-probability 0, they have the gradient of any token; here it is none, and has none. */
const withoutPadding = ({ inputs }: GoldenCase, input: string, theirs: unknown): unknown =>
  Array.isArray(theirs)
    ? theirs.map((row: readonly number[], i) => row.map((g, t) => ((inputs[input] as Rows)[i]![t] === 0 ? 0 : g)))
    : theirs

const compare = (name: string, answer: CaseResult, c: GoldenCase): number => {
  const [tolerance] = coarse[name] ?? [1e-9]
  const errors: string[] = []
  let compared = 0
  const check = (what: string, ours: unknown, theirs: unknown): void => {
    if (name in excluded || `${name} ${what}` in excluded || `${name} ${c.id} ${what}` in excluded) return
    const sorted = (x: unknown): unknown => (ranked.has(name) && Array.isArray(x) ? [...x].sort((a, b) => Number(a) - Number(b)) : x)
    compared++
    try {
      if (what === 'losses') agree(what, sorted(ours), sorted(theirs), tolerance)
      else agree(what, ours, theirs, tolerance)
    } catch (error) {
      errors.push(`${c.id} ${error instanceof Error ? error.message : ''}`)
    }
  }
  for (const what of Object.keys(c.outputs)) if (!logged.has(what)) check(...named(what, answer, c))
  for (const [input, theirs] of Object.entries(c.grads))
    check(`∂${input}`, answer.grads[input] ?? null, name.endsWith('_humanline') ? withoutPadding(c, input, theirs) : theirs)
  assert.deepEqual(errors, [])
  return compared
}

const answersOf = (name: string): Promise<readonly CaseResult[]> =>
  evaluateCases({ entry: name, settings: {} }, goldenCases('losses', name))
for (const [name, entry] of Object.entries(upstream))
  test(`${name} is our ${entry.family}`, async (t) => {
    const [cases, answers] = [goldenCases('losses', name), await answersOf(name)]
    const compared = cases.reduce((n, c, i) => n + compare(name, answers[i]!, c), 0)
    t.diagnostic(`${cases.length} cases, ${compared} comparisons`)
    assert.ok(compared > 0 || name in excluded)
  })

test('every published function is one of ours, or no loss; no case is left out', () => {
  assert.deepEqual([...Object.keys(upstream), ...Object.keys(noLosses)].sort(), [...goldenNames('losses')].sort())
  const known = new Set([...Object.keys(coarse), ...ranked, ...Object.keys(excluded).map((where) => where.split(' ')[0]!)])
  assert.deepEqual(
    [...known].filter((name) => !(name in upstream)),
    [],
  )
})

test('f-divergences: their scores are our rewards', async () => {
  for (const name of Object.keys(upstream).filter((entry) => entry.includes('sigmoid_fdiv')))
    for (const c of goldenCases('losses', name)) {
      const { family, settings } = upstream[name]!
      const [ours] = await evaluateCases({ name: family, settings: settings(c.hyper) }, [c])
      const scores = (rewards: readonly number[]) => rewards.map((r) => r / Number(c.hyper.beta))
      const tolerance = name.endsWith('float32') ? 1e-4 : 1e-9
      agree(`${name} ${c.id} chosen`, scores(ours!.chosen_rewards), c.outputs.chosen_scores, tolerance)
      agree(`${name} ${c.id} rejected`, scores(ours!.rejected_rewards), c.outputs.rejected_scores, tolerance)
    }
})

// ------------------------------------------------------------------ known to be wrong there: what is right

type Rows = readonly (readonly number[])[]
const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
const sums = (rows: unknown): readonly number[] => (rows as Rows).map(total)

test('SLiC compares completions, not tokens with completions: ours is the formula, theirs is not', async () => {
  const name = 'halos_main/slic'
  const answers = await answersOf(name)
  for (const [i, c] of goldenCases('losses', name).entries()) {
    const [chosen, rejected] = [sums(c.inputs.policy_chosen_logps), sums(c.inputs.policy_rejected_logps)]
    const [delta, lambda] = [Number(c.hyper.beta), Number(c.hyper.lambda_coef)]
    const right = chosen.map((w, k) => Math.max(0, delta - w + rejected[k]!) - lambda * w)
    agree(c.id, answers[i]!.losses, right)
    // Where every completion is one token there is nothing to broadcast.
    const single = (c.inputs.policy_chosen_logps as Rows)[0]!.length === 1
    assert.equal(Math.abs(answers[i]!.loss - Number(c.outputs.loss)) < 1e-9, single, c.id)
  }
})
test('KTO has a reference model, whoever computes it', async () => {
  const [name, right] = ['liger/kto_without_reference', 'liger/kto']
  for (const [i, c] of goldenCases('losses', name).entries()) {
    const [ours, theirs] = [(await answersOf(name))[i]!, goldenCases('losses', right)[i]!]
    assert.deepEqual(c.inputs, theirs.inputs)
    agree(c.id, ours.loss, theirs.outputs.loss)
  }
})
test('rewards are summed over examples, not over pairs of examples', async () => {
  const answers = await answersOf('liger/kto')
  for (const [i, c] of goldenCases('losses', 'liger/kto').entries()) {
    const { policy_logps: policy, ref_logps: reference, labels } = c.inputs as Readonly<Record<string, readonly number[]>>
    const reward = (k: number): number => Number(c.hyper.beta) * (policy![k]! - reference![k]!)
    const sum = (label: boolean): number => total(labels!.flatMap((x, k) => (Boolean(x) === label ? [reward(k)] : [])))
    agree(c.id, [total(answers[i]!.chosen_rewards), total(answers[i]!.rejected_rewards)], [sum(true), sum(false)])
  }
})
test('an empty completion has no tokens to average over, and is worth nothing', async () => {
  const inputs = {
    policy_chosen_logps: [[0, 0]],
    ref_chosen_logps: [[0, 0]],
    policy_rejected_logps: [[-1, -2]],
    ref_rejected_logps: [[-1, -1]],
  }
  const [answer] = await evaluateCases({ entry: 'halos_main/ipo', settings: {} }, [{ hyper: { tau: 0.5 }, inputs }])
  assert.equal(answer!.loss, (0 + 0.5 - 1) ** 2)
})
test('ORPO stays finite where a probability is 1, in float32 as in float64 there', async () => {
  const inputs = { policy_chosen_logps: [0, -1e-9], policy_rejected_logps: [-1, 0] }
  for (const entry of ['trl_main/orpo/odds_ratio_float32', 'trl_v0.23/orpo/odds_ratio_float64']) {
    const [answer] = await evaluateCases({ entry, settings: {} }, [{ hyper: { beta: 0.1 }, inputs }])
    assert.ok(Object.values(answer!.grads).every((g) => g?.every((x) => Number.isFinite(x))))
  }
})
