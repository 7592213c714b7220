/** Sums of losses: each seen from the evidence that all share, exact in parts, HALOs where the algebra says so. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { grad, mul, slice, type Tensor } from '../../core/index.ts'
import { type AnyLoss, catalogue, type Everything, find, getOrThrow, mixture, verify } from '../../halos/index.ts'
import { lossOf, pool } from '../../halos/internal.ts'
import { column, completion, numbers, scalar } from './numbers.ts'

const families = await catalogue()
const loss = (name: string): AnyLoss => getOrThrow(find(families, name)!())
const mixed = (...terms: readonly (readonly [number, string])[]): AnyLoss =>
  getOrThrow(mixture(terms.map(([k, name]) => [k, loss(name)] as const)))

const longer = (y: ReturnType<typeof completion>, ...lengths: readonly number[]) => ({ ...y, length: column(...lengths) })
const chosen = longer(completion(column(-3, -1, -8, -2), [-4, -2, -7, -2.5]), 3, 1, 9, 4)
const rejected = longer(completion(column(-5, -4, -2, -6), [-4.5, -4, -2, -7]), 2, 5, 1, 7)
const unrelated = longer(completion(column(-2, -6, -3, -1), [-5, -7, -4, -3]), 2, 3, 6, 1)
const evidence: Everything = { chosen, rejected, outcome: chosen, unrelated, label: column(1, -1, -1, 1) }
const of = (l: AnyLoss, e = evidence) => scalar(l.evaluate(e).loss)
const near = (a: number, b: number, what = '') => assert.ok(Math.abs(a - b) < 1e-12, `${what}: ${a} and ${b}`)

test('pairs: the other losses learn the chosen, or judge both', async () => {
  near(await of(mixed([1, 'dpo'], [0.1, 'sft'])), (await of(loss('dpo'))) + 0.1 * ((3 + 1 + 8 + 2) / (3 + 1 + 9 + 4)))
  const judged = [chosen, rejected].map((outcome, i) =>
    of(loss('kto-zero'), { ...evidence, outcome, label: column(...Array(4).fill(1 - 2 * i)) }),
  )
  near(await of(mixed([2, 'dpo'], [1, 'kto-zero'])), 2 * (await of(loss('dpo'))) + ((await judged[0]!) + (await judged[1]!)) / 2)
})

test('judgements: SFT learns the desirable completions', async () => {
  near(await of(mixed([1, 'kto'], [0.5, 'sft'])), (await of(loss('kto'))) + (0.5 * (3 + 2)) / (3 + 4))
})

test('gradients are those of the terms', async () => {
  const slope = async (l: AnyLoss) =>
    numbers(grad((policy: Tensor<'example'>) => l.evaluate({ ...evidence, chosen: { ...chosen, policy } }).loss)(chosen.policy))
  const [sum, dpo, ipo] = [await slope(mixed([0.5, 'dpo'], [2, 'ipo'])), await slope(loss('dpo')), await slope(loss('ipo'))]
  sum.forEach((g, i) => {
    near(g, 0.5 * dpo[i]! + 2 * ipo[i]!, `gradient ${i}`)
  })
})

test('a batch in parts has the loss of the whole, though each term divides by something else', async () => {
  for (const l of [mixed([1, 'dpo'], [0.1, 'sft']), mixed([1, 'kto'], [0.5, 'sft']), loss('mpo')]) {
    const cut = (from: number, length: number): Everything => {
      const part = <A>(tree: A): A =>
        Object.fromEntries(
          Object.entries(tree as object).map(([k, x]) => [k, 'op' in x ? slice(x, 'example', from, length) : part(x)]),
        ) as A
      return part(evidence)
    }
    const parts = [cut(0, 1), cut(1, 3)]
    const pooled = l.statistic && parts.map(l.statistic).reduce(pool)
    near(await scalar(lossOf(parts.map((e) => l.evaluate(e, pooled)))), await of(l), l.name)
    const naive = (await Promise.all(parts.map((e, i) => scalar(mul(l.evaluate(e, pooled).loss, [1, 3][i]!))))).reduce((a, b) => a + b) / 4
    assert.ok(Math.abs(naive - (await of(l))) > 1e-6, 'the mean of the parts is another loss')
  }
})

test('over one reward and one reference a sum is a HALO; else the reason and a witness are given', () => {
  assert.equal(verify(mixed([1, 'kto'], [0.3, 'kto-logsigmoid'])).verdict, 'HALO')
  assert.equal(verify(mixed([0.5, 'dpo'])).verdict, 'HALO')
  for (const l of [mixed([1, 'dpo'], [0.1, 'sft']), mixed([1, 'kto'], [0.5, 'sft']), mixed([1, 'dpo'], [1, 'simpo'])]) {
    const { verdict, conditions } = verify(l)
    assert.equal(verdict, 'not a HALO', l.name)
    assert.match(JSON.stringify(conditions), /no single comparison: .*∂L/)
  }
})

test('what cannot be added is refused, by name', () => {
  const refused = (says: RegExp, ...terms: readonly (readonly [number, string])[]) => assert.throws(() => mixed(...terms), says)
  refused(/paired, as DPO compares them, not mismatched ones, got KTO/, [1, 'kto'], [1, 'dpo'])
  refused(/not a running average, got BCO/, [1, 'kto'], [1, 'bco'])
  refused(/prompts that say no label, got CSFT/, [1, 'sft'], [1, 'csft'])
  refused(/not the number of a reward model, got Bradley/, [1, 'dpo'], [1, 'bradley-terry'])
  refused(/not the number of a reward model, got Bradley/, [1, 'bradley-terry'], [1, 'dpo'])
  refused(/SFT\.coefficient: expected a positive number, got -1/, [1, 'dpo'], [-1, 'sft'])
  refused(/at most one term whose reference point is a statistic/, [1, 'kto'], [1, 'kto-surprisal'])
  refused(/at least one loss/)
})
