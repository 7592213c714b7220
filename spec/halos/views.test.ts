/** Losses seen through other evidence: what they ask for, and what they compute of pairs, by what they compute of completions. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Needs } from '../../halos/evidence.ts'
import {
  type AnyLoss,
  always,
  anchor,
  dpo,
  type Everything,
  getOrThrow,
  halo,
  logistic,
  logRatio,
  negation,
  ofDesirable,
  seenByPairs,
  sft,
  unpublished,
} from '../../halos/index.ts'
import { ofPairs, withMargin } from '../../halos/view.ts'
import { column, completion, numbers, scalar } from './numbers.ts'

const longer = (y: ReturnType<typeof completion>, ...lengths: readonly number[]) => ({ ...y, length: column(...lengths) })
const [w, l] = [longer(completion(column(-3, -1), [-4, -2.5]), 3, 1), longer(completion(column(-5, -4), [-4, -3]), 2, 5)]
const evidence: Everything = { chosen: w, rejected: l, outcome: w, unrelated: l, label: column(1, -1) }
const asked = ({ needs }: { readonly needs: Needs }): readonly string[] =>
  Object.entries(needs)
    .flatMap(([need, needed]) => (needed ? need : []))
    .sort()
const same = (found: readonly number[], expected: readonly number[]): void => {
  assert.equal(found.length, expected.length)
  found.forEach((x, i) => {
    assert.ok(Math.abs(x - expected[i]!) < 1e-12, `${found} is not ${expected}`)
  })
}
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const judged = getOrThrow(halo({ name: 'J', reward: logRatio(0.5), reference: anchor, value: logistic, t: always(negation) }))
/** −σ(s u/2), u_w = 1, 1.5 and u_l = −1, −1. */
const [ofChosen, ofRejected] = [[1, 1.5].map((u) => -sigmoid(u / 2)), [-1, -1].map((u) => -sigmoid(-u / 2))] as const
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length

test('pairs as judged completions: a mean over completions, or over pairs of the sum of both', async () => {
  for (const count of ['each', 'pair'] as const) {
    const view = getOrThrow(ofPairs('V', count, { _tag: 'Right', right: judged }))
    assert.deepEqual(asked(view), ['pair', 'reference'])
    const { losses, loss, rewards, terms } = view.evaluate(evidence)
    const sums = ofChosen.map((x, i) => x + ofRejected[i]!)
    same(await numbers(losses), count === 'each' ? [...ofChosen, ...ofRejected] : sums)
    same([await scalar(loss)], [count === 'each' ? mean([...ofChosen, ...ofRejected]) : mean(sums)])
    same(await numbers(terms[0]!.numerator), sums)
    same(await numbers(terms[0]!.denominator), count === 'each' ? [2, 2] : [1, 1])
    same(await numbers(rewards.chosen!), [0.5, 0.75])
    same(await numbers(rewards.rejected!), [-0.5, -0.5])
  }
})

test('a margin of the data: the chosen must win by it; rewards are those without', async () => {
  const margin = column(0.25, 2)
  const view = getOrThrow(
    withMargin(dpo({ beta: 0.5 }) as never, {
      ...{ name: 'M', source: unpublished('M'), seen: { text: 'with a margin', latex: '' } },
      ...{ needs: { margin: true }, margin: () => margin },
    }),
  )
  assert.deepEqual(asked(view), ['margin', 'pair', 'reference'])
  const { losses, rewards } = view.evaluate(evidence)
  same(
    await numbers(losses),
    [2, 2.5].map((u, i) => Math.log1p(Math.exp(-(0.5 * u - [0.25, 2][i]!)))),
  )
  same(await numbers(rewards.chosen!), [0.5, 0.75])
})

test('single completions, of pairs: demonstrations are the chosen, judgements are both', async () => {
  const demonstrated = seenByPairs(getOrThrow(sft()))
  assert.deepEqual(asked(demonstrated), ['length', 'pair'])
  same([await scalar(demonstrated.evaluate(evidence).loss)], [(3 + 1) / (3 + 1)])
  const both = seenByPairs(judged as unknown as AnyLoss)
  assert.deepEqual(asked(both), ['pair', 'reference'])
  same([await scalar(both.evaluate(evidence).loss)], [mean([...ofChosen, ...ofRejected])])
})

test('demonstrations, of judgements: the desirable ones', async () => {
  const liked = ofDesirable(getOrThrow(sft()))
  assert.deepEqual(asked(liked), ['label', 'length', 'outcome'])
  const { loss, losses } = liked.evaluate({ ...evidence, outcome: l })
  same([await scalar(loss)], [5 / 2])
  assert.equal((await numbers(losses))[1], 0)
})
