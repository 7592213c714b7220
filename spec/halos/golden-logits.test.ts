/**
 * From logits: whole loss computations of published trainers, gradients with respect to the logits. Log-probabilities of the labels,
 * summed over the completion, feed our losses.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { constant, grad, logSoftmax, mul, slice, sum, type Tensor, take, tensor } from '../../core/index.ts'
import { type AnyLoss, type Completion, catalogue, certain, type Everything, find } from '../../halos/index.ts'
import { whenShared } from '../shared.ts'
import { agree, type GoldenCase, goldenCases, goldenNames } from './golden.ts'
import { numbers } from './numbers.ts'

type Logits = Tensor<'example' | 'token' | 'vocab'>
const families = await catalogue()
const loss = (key: string, settings: Readonly<Record<string, number>> = {}): AnyLoss => certain(find(families, key)!(settings))

const grid = (x: unknown): Tensor<'example' | 'token'> => {
  const rows = x as readonly (readonly number[])[]
  return tensor({ example: rows.length, token: rows[0]!.length }, rows.flat())
}
const cube = (x: unknown): Logits => {
  const rows = x as readonly (readonly (readonly number[])[])[]
  return tensor({ example: rows.length, token: rows[0]!.length, vocab: rows[0]![0]!.length }, rows.flat(2))
}

/** Σ log π(next token) over the completion, per row. Logits at t predict the token at t + 1. */
const scores = (logits: Logits, ids: Tensor<'example' | 'token'>, mask: Tensor<'example' | 'token'>): Tensor<'example'> => {
  const next = <A extends 'example' | 'token' | 'vocab'>(x: Tensor<A | 'token'>): Tensor<A | 'token'> =>
    slice(x, 'token', 1, x.shape.token - 1)
  const predicted = slice(logits, 'token', 0, logits.shape.token - 1)
  const labels = take(logSoftmax(predicted, 'vocab'), 'vocab', next<'example'>(ids))
  return sum(mul(labels, next<'example'>(mask)) as Tensor<'example' | 'token'>, 'token')
}

/** The evidence of a case, as a function of the policy's logits. Rows of a pair file are the chosen, then the rejected. */
const evidence =
  ({ inputs }: GoldenCase) =>
  (policy: Logits): Partial<Everything> => {
    const table = inputs as Readonly<Record<string, unknown>>
    const [ids, mask] = [grid(table.input_ids), grid(table.completion_mask)]
    const all: Completion = {
      policy: scores(policy, ids, mask),
      reference: scores(cube(table.ref_logits), ids, mask),
      length: sum(slice(mask, 'token', 1, mask.shape.token - 1), 'token'),
    }
    if (table.label === undefined) {
      const half = all.policy.shape.example / 2
      const rows = (i: number): Completion => ({
        policy: slice(all.policy, 'example', i * half, half),
        reference: slice(all.reference, 'example', i * half, half),
        length: slice(all.length, 'example', i * half, half),
      })
      return { chosen: rows(0), rejected: rows(1) }
    }
    const [otherIds, otherMask] = [grid(table.KL_input_ids), grid(table.KL_completion_mask)]
    const of = (logits: unknown) => scores(cube(logits), otherIds, otherMask)
    const labels = table.label as readonly boolean[]
    return {
      outcome: all,
      label: tensor(
        { example: labels.length },
        labels.map((desirable) => (desirable ? 1 : -1)),
      ),
      unrelated: { policy: of(table.policy_KL_logits), reference: of(table.ref_KL_logits), length: all.length },
    }
  }

type Hyper = GoldenCase['hyper']
const beta = (h: Hyper) => ({ beta: Number(h.beta) })
const smooth = (h: Hyper) => ({ ...beta(h), epsilon: Number(h.label_smoothing) })
const weights = (h: Hyper) => ({ ...beta(h), desirable: Number(h.desirable_weight), undesirable: Number(h.undesirable_weight) })
const ours: Readonly<Record<string, (h: Hyper) => AnyLoss>> = {
  'trl_main/dpo_logits/sigmoid': (h) => loss('dpo', beta(h)),
  'trl_main/dpo_logits/hinge': (h) => loss('hinge', beta(h)),
  'trl_main/dpo_logits/ipo': (h) => loss('ipo', beta(h)),
  'trl_main/dpo_logits/exo_pair': (h) => loss('exo-pair', smooth(h)),
  'trl_main/dpo_logits/nca_pair': (h) => loss('nca-pair', beta(h)),
  'trl_main/dpo_logits/robust': (h) => loss('robust-dpo', smooth(h)),
  'trl_main/dpo_logits/bco_pair': (h) => loss('bco-pair', beta(h)),
  'trl_main/dpo_logits/sppo_hard': (h) => loss('sppo-hard', beta(h)),
  'trl_main/dpo_logits/aot': (h) => loss('aot', smooth(h)),
  'trl_main/dpo_logits/aot_unpaired': (h) => loss('aot-unpaired', smooth(h)),
  'trl_main/dpo_logits/apo_zero': (h) => loss('apo-zero', beta(h)),
  'trl_main/dpo_logits/apo_down': (h) => loss('apo-down', beta(h)),
  'trl_main/dpo_logits/discopop': (h) => loss('discopop', { ...beta(h), tau: Number(h.discopop_tau) }),
  'trl_main/dpo_logits/sft': (h) => loss('mpo', { ...beta(h), preference: 0, quality: 0, generation: 1 }),
  'trl_main/dpo_logits/sigmoid_norm': (h) => loss('dpo-norm', beta(h)),
  'trl_main/dpo_logits/js_divergence': (h) => loss('dpo-js', beta(h)),
  'trl_main/dpo_logits/forward_kl': (h) => loss('dpo-forward-kl', beta(h)),
  'trl_main/dpo_logits/mpo_0.8_0.2_1.0': (h) => loss('mpo', beta(h)),
  'trl_main/kto_logits/kto': (h) => loss('kto', weights(h)),
  'trl_main/kto_logits/apo_zero_unpaired': (h) => loss('kto-zero', weights(h)),
}
/** Their BCO has δ = 0. */
const atZero: ReadonlySet<string> = new Set(['trl_main/dpo_logits/bco_pair', 'trl_main/dpo_logits/mpo_0.8_0.2_1.0'])
const elsewhere: { readonly [entry: string]: string } = {
  'trl_main/dpo_logits/wpo_weighting': 'weighs pairs by the probability of their tokens: a choice of the trainer',
  'trl_main/dpo_logits/ld_alpha_0.5': 'discounts the tokens beyond the shorter completion: a choice of the trainer',
  'trl_main/dpo_logits/ld_alpha_0': 'discounts the tokens beyond the shorter completion: a choice of the trainer',
}

for (const [name, make] of Object.entries(ours))
  test(`${name}: loss and gradient of the logits`, whenShared('golden/logits.json'), async () => {
    for (const c of goldenCases('logits', name)) {
      const of = evidence(c)
      const pooled = atZero.has(name) ? { sum: constant(0), count: constant(1) } : undefined
      const run = (policy: Logits) => make(c.hyper).evaluate(of(policy) as Everything, pooled).loss // has what the loss needs, or the numbers differ
      const policy = cube((c.inputs as Readonly<Record<string, unknown>>).policy_logits)
      const flat = async (x: Logits | Tensor) => numbers(x as unknown as Tensor<'example'>)
      agree(`${c.id} loss`, (await flat(run(policy)))[0], c.outputs.loss)
      agree(
        `${c.id} gradient`,
        await flat(grad(run)(policy)),
        (c.grads.policy_logits as readonly (readonly (readonly number[])[])[]).flat(2),
      )
    }
  })
test('every published function of logits is one of ours, or named with the reason why not', whenShared('golden/logits.json'), () => {
  assert.deepEqual(
    goldenNames('logits').filter((name) => !(name in ours) && !(name in elsewhere)),
    [],
  )
})
