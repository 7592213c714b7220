/**
 * Our losses against the numbers of published implementations: loss, per-example losses, rewards, reference point, gradients.
 * Which of their functions is which of ours is the table `upstream` of halos; what differs by their convention, or is known to be
 * wrong there, is named here with the reason.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import { type Case, catalogue, certain, evaluateCase, type Upstream, upstream } from '../../halos/index.ts'
import { shared, whenShared } from '../shared.ts'

interface GoldenCase extends Case {
  readonly id: string
  readonly hyper: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly grads: Readonly<Record<string, unknown>>
}
interface Golden {
  readonly functions: Readonly<Record<string, { readonly cases: readonly GoldenCase[] }>>
}
const golden = (file: string): Golden => JSON.parse(readFileSync(shared(file)!, 'utf8')) as Golden // our own file: its README states the format

const backend = reference()
const families = new Map((await catalogue()).map((family) => [family.key, family]))

/** Equal to a relative tolerance, entry by entry; strings stand for numbers that are not finite. */
const agree = (what: string, ours: unknown, theirs: unknown, tolerance: number): void => {
  if (theirs === null) assert.equal(ours, null, `${what}: they have no gradient here`)
  else if (Array.isArray(theirs)) {
    assert.ok(Array.isArray(ours) && ours.length === theirs.length, `${what}: ${theirs.length} numbers, not ${String(ours)}`)
    for (const [i, x] of theirs.entries()) agree(`${what}[${i}]`, ours[i], x, tolerance)
  } else {
    const [x, y] = [Number(ours), Number(theirs)]
    assert.ok(
      Object.is(x, y) || Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + tolerance * 1e-5,
      `${what}: ${x}, not ${y}`,
    )
  }
}

const order = (entry: Upstream, { inputs: { labels = [] } }: Case, losses: readonly number[]): readonly number[] =>
  entry.desirableFirst ? [true, false].flatMap((label) => losses.filter((_, i) => labels[i] === label)) : losses

/** Where float32 is used upstream. */
const coarse: { readonly [entry: string]: string } = {
  'trl_main/bco/train_running_delta': 'δ is held in float32',
  'trl_v0.28/dpo/bco_pair_running_delta': 'δ is held in float32',
  'trl_main/dpo/sigmoid_fdiv_alpha_0.5_float32': 'log-probabilities are cast to float32',
  'trl_main/orpo/odds_ratio_float32': 'log-probabilities are cast to float32',
}
/** Their losses come in order of rank: compared as a set. */
const ranked: ReadonlySet<string> = new Set(['trl_main/dpo/aot', 'trl_main/dpo/aot_unpaired'])
/** What is not compared, and why. */
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
  const tolerance = name in coarse ? 1e-5 : 1e-9
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
  for (const what of ['loss', 'losses', 'chosen_rewards', 'rejected_rewards', 'kl']) check(what, ours[what], c.outputs[what])
  const sorted = (x: unknown): unknown => (ranked.has(name) && Array.isArray(x) ? [...x].sort((a, b) => Number(a) - Number(b)) : x)
  check('losses', sorted(ours.losses), sorted(c.outputs.losses_of_last_type))
  for (const [input, theirs] of Object.entries(c.grads)) check(`∂loss/∂${input}`, answer.grads[input], theirs)
  assert.deepEqual(errors, [])
  return compared
}

for (const [name, entry] of Object.entries(upstream))
  test(`${name} is our ${entry.family}`, whenShared('golden/losses.json'), async (t) => {
    const { cases } = golden('golden/losses.json').functions[name]!
    let compared = 0
    for (const c of cases) compared += await compare(name, entry, c)
    t.diagnostic(`${cases.length} cases, ${compared} comparisons`)
    assert.ok(compared > 0)
  })
