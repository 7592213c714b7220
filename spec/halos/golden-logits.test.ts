/**
 * From logits: whole loss computations of published trainers, gradients with respect to the logits. Log-probabilities of the labels,
 * summed over the completion (or weighed as their trainer does), feed our losses.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  add,
  div,
  exp,
  grad,
  logSoftmax,
  logSumExp,
  mean,
  mul,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  take,
  tensor,
} from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import type { Completion, Everything } from '../../halos/index.ts'
import { agree, type GoldenCase, goldenCases, goldenNames, lossesOfLogits } from './golden.ts'
import { numbers } from './numbers.ts'

type Logits = Tensor<'example' | 'token' | 'vocab'>
const grid = (x: unknown): Tensor<'example' | 'token'> => {
  const rows = x as readonly (readonly number[])[]
  return tensor({ example: rows.length, token: rows[0]!.length }, rows.flat())
}
const cube = (x: unknown): Logits => {
  const rows = x as readonly (readonly (readonly number[])[])[]
  return tensor({ example: rows.length, token: rows[0]!.length, vocab: rows[0]![0]!.length }, rows.flat(2))
}

type Tokens = Tensor<'example' | 'token'>
/** Logits at t predict the token at t + 1. */
const next = <A extends 'example' | 'token' | 'vocab'>(x: Tensor<A | 'token'>): Tensor<A | 'token'> =>
  slice(x, 'token', 1, x.shape.token - 1)
const logProbabilities = (logits: Logits): Logits => logSoftmax(slice(logits, 'token', 0, logits.shape.token - 1), 'vocab')
/** Σ w log π(next token), per row. */
const scores = (logits: Logits, ids: Tokens, weights: Tokens): Tensor<'example'> =>
  sum(mul(take(logProbabilities(logits), 'vocab', next<'example'>(ids)), weights) as Tokens, 'token')

/** How their trainer weighs the tokens of a completion: LD-DPO discounts those beyond the length of the shorter of the pair. */
const weightsOf = ({ inputs, hyper }: GoldenCase): Tokens => {
  const rows = inputs.completion_mask as unknown as readonly (readonly number[])[]
  const length = (i: number): number => rows[i]!.slice(1).reduce((n, x) => n + x, 0)
  const alpha = hyper.ld_alpha == null ? 1 : Number(hyper.ld_alpha)
  const weights = rows.map((row, i) => {
    const shared = alpha === 1 ? Infinity : Math.min(length(i), length((i + rows.length / 2) % rows.length))
    return row.slice(1).map((x, t, all) => (all.slice(0, t).filter((y) => y > 0).length < shared ? x : alpha * x))
  })
  return grid(weights)
}
/** WPO weighs a pair by how likely its tokens are, against how likely the policy's own would be; held constant. */
const pairWeight = ({ inputs }: GoldenCase, policy: Logits): Tensor<'example'> => {
  const [ids, mask] = [grid(inputs.input_ids), next<'example'>(grid(inputs.completion_mask))]
  const logs = logProbabilities(policy)
  const own = logSumExp(mul(logs, 2) as Logits, 'vocab')
  const likely = sum(mul(sub(take(logs, 'vocab', next<'example'>(ids)), own), mask) as Tokens, 'token')
  const average = div(likely, sum(mask, 'token')) as Tensor<'example'>
  const half = average.shape.example / 2
  return stopGradient(exp(add(slice(average, 'example', 0, half), slice(average, 'example', half, half))) as Tensor<'example'>)
}

/** The evidence of a case, as a function of the policy's logits. Rows of a pair file are the chosen, then the rejected. */
const evidence =
  (c: GoldenCase) =>
  (policy: Logits): Partial<Everything> => {
    const { inputs } = c
    const [ids, weights] = [grid(inputs.input_ids), weightsOf(c)]
    const all: Completion = {
      policy: scores(policy, ids, weights),
      reference: scores(cube(inputs.ref_logits), ids, weights),
      length: sum(weights, 'token'),
    }
    if (inputs.label === undefined) {
      const half = all.policy.shape.example / 2
      const rows = (i: number): Completion => ({
        policy: slice(all.policy, 'example', i * half, half),
        reference: slice(all.reference, 'example', i * half, half),
        length: slice(all.length, 'example', i * half, half),
      })
      return { chosen: rows(0), rejected: rows(1) }
    }
    const [otherIds, otherMask] = [grid(inputs.KL_input_ids), next<'example'>(grid(inputs.KL_completion_mask))]
    const of = (logits: unknown) => scores(cube(logits), otherIds, otherMask)
    const labels = inputs.label as readonly boolean[]
    return {
      outcome: all,
      label: tensor(
        { example: labels.length },
        labels.map((desirable) => (desirable ? 1 : -1)),
      ),
      unrelated: { policy: of(inputs.policy_KL_logits), reference: of(inputs.ref_KL_logits), length: all.length },
    }
  }

/** Their BCO has δ = 0. */
const atZero: ReadonlySet<string> = new Set(['trl_main/dpo_logits/bco_pair', 'trl_main/dpo_logits/mpo_0.8_0.2_1.0'])
for (const [name, make] of Object.entries(lossesOfLogits))
  test(`${name}: loss and gradient of the logits`, async () => {
    for (const c of goldenCases('logits', name)) {
      const of = evidence(c)
      const pooled = atZero.has(name) ? { sum: constant(0), count: constant(1) } : undefined
      const run = (policy: Logits): Tensor => {
        const outcome = make(c.hyper).evaluate(of(policy) as Everything, pooled) // it has what the loss needs, or the numbers differ
        return c.hyper.use_weighting === true
          ? mean(mul(outcome.losses, pairWeight(c, policy)) as Tensor<'example'>, 'example')
          : outcome.loss
      }
      const policy = cube(c.inputs.policy_logits)
      const flat = async (x: Logits | Tensor) => numbers(x as unknown as Tensor<'example'>)
      agree(`${c.id} loss`, (await flat(run(policy)))[0], c.outputs.loss)
      agree(
        `${c.id} gradient`,
        await flat(grad(run)(policy)),
        (c.grads.policy_logits as readonly (readonly (readonly number[])[])[]).flat(2),
      )
    }
  })
test('every published function of logits is one of ours', () => {
  assert.deepEqual([...goldenNames('logits')].sort(), Object.keys(lossesOfLogits).sort())
})
