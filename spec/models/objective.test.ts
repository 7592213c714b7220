/** From tokens to a loss, under a model whose scores are given: what is evidence of what, how examples weigh, how parts add up, what is reported. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { at, read, type Tensor, tensor } from '../../core/index.ts'
import { type AnyLoss, dpo, getOrThrow, kto, mixture, pool, sft } from '../../halos/index.ts'
import { bco } from '../../halos/losses/bco.ts'
import { ldDpo } from '../../halos/losses/ld-dpo.ts'
import { odpo } from '../../halos/losses/odpo.ts'
import { ppoValue } from '../../halos/losses/ppo-value.ts'
import { adamW, constantRate, type Trainable, type TrainingBatch } from '../../models/index.ts'
import { divide } from '../../models/internal.ts'
import { batchStatistics, objective, startingPoint } from '../../models/training/objective.ts'
import { begin, trainStep } from '../../models/training/step.ts'
import { backend, tiny } from './tiny.ts'

const row = (...values: readonly number[]): Tensor<'batch'> => tensor({ batch: values.length }, values)
/** Completions of so many tokens, whose log-probabilities the model is told by their first token. */
const texts = (logs: readonly number[], lengths: readonly number[], reference?: readonly number[]) => {
  const shape = { batch: logs.length, seq: 4 }
  const flat = (of: (i: number, t: number) => number) =>
    tensor(
      shape,
      logs.flatMap((_, i) => [0, 1, 2, 3].map((t) => of(i, t))),
    )
  const mask = flat((i, t) => (t < lengths[i]! ? 1 : 0))
  const tokens = flat((i) => logs[i]!)
  return { tokens, targets: tokens, mask, ...(reference && { reference: row(...reference) }) }
}
type Given = Readonly<Record<string, Tensor<'batch'>>>
/** It says what it is given of these tokens. */
const modelOf = (values?: Tensor<'batch'>): Trainable<Given> => ({
  config: tiny[0]!.config,
  score: (_, { tokens }) => ({ logProbability: first(tokens), ...(values && { value: values }) }),
})
const first = (tokens: Tensor<'batch' | 'seq'>): Tensor<'batch'> => at(tokens, 'seq', 0) as Tensor<'batch'>
const number = async (x: Tensor): Promise<number> => (await read(backend, x))[0]!
const found = async (loss: AnyLoss, batch: TrainingBatch, values?: Tensor<'batch'>) => {
  const { loss: total, losses, metrics } = objective(modelOf(values), loss, {}, batch)
  const means: Record<string, { sum: number; count: number }> = {}
  for (const [name, { sum, count }] of Object.entries(metrics)) means[name] = { sum: await number(sum), count: await number(count) }
  return { loss: await number(total), losses: [...(await read(backend, losses))], metrics: divide(means) }
}
const close = (x: number, y: number): void => assert.ok(Math.abs(x - y) < 1e-12, `${x} is not ${y}`)
const softplus = (z: number): number => Math.log1p(Math.exp(z))

const [chosen, rejected] = [texts([-3, -1, -2], [3, 1, 2], [-4, -1.5, -2]), texts([-2, -4, -6], [2, 4, 1], [-2.5, -4, -5])]
/** u_w − u_l = (1, 0.5, 0) − (0.5, 0, −1). */
const margins = [0.5, 0.5, 1]
const pairs: TrainingBatch = { chosen, rejected }
const d = getOrThrow(dpo({ beta: 0.5 }))

test('pairs: log-ratios of both; weighted, Σ w ℓ / Σ w; of nothing, 0', async () => {
  const losses = margins.map((u) => softplus(-0.5 * u))
  const plain = await found(d, pairs)
  plain.losses.forEach((x, i) => {
    close(x, losses[i]!)
  })
  close(plain.loss, (losses[0]! + losses[1]! + losses[2]!) / 3)
  close(plain.metrics.loss!, plain.loss)
  close((await found(d, { ...pairs, weight: row(1, 0, 3) })).loss, (losses[0]! + 3 * losses[2]!) / 4)
  close((await found(d, { ...pairs, weight: row(1, 0, 0) })).loss, losses[0]!)
  assert.equal((await found(d, { ...pairs, weight: row(0, 0, 0) })).loss, 0)
})
test('without a reference model its log-probabilities are 0; what the data say beside is evidence', async () => {
  const bare = { chosen: texts([-3], [3]), rejected: texts([-2], [2]) }
  close((await found(d, bare)).loss, softplus(0.5))
  const alone: TrainingBatch = { outcome: texts([-3], [3]), unrelated: texts([-2], [2]), label: row(1) }
  close((await found(getOrThrow(kto({ beta: 0.5 })) as unknown as AnyLoss, alone)).loss, 1 - 1 / (1 + Math.exp(1.5)))
  const loss = getOrThrow(odpo()) as unknown as AnyLoss
  const at = async (margin: number) => (await found(loss, { ...bare, margin: row(margin) })).loss
  assert.ok((await at(2)) > (await at(1)))
})
test('judgements: the label, and the unrelated; a value head where one is needed', async () => {
  const judged: TrainingBatch = { outcome: chosen, unrelated: rejected, label: row(1, -1, 1) }
  const { loss, metrics } = await found(getOrThrow(kto({ beta: 0.5 })) as unknown as AnyLoss, judged)
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
  // z₀ = max(0, ½ (0.5 + 0 − 1)/3) = 0
  close(loss, [0.5, -0.25, 0].reduce((sum, z) => sum + 1 - sigmoid(z), 0) / 3)
  close(metrics.z0!, 0)
  close(metrics['z0/clamped']!, 1)
  const valued = getOrThrow(ppoValue()) as unknown as AnyLoss
  const advantages: TrainingBatch = { outcome: texts([-3, -1], [3, 1], [-3, -1]), label: row(1, -1) }
  assert.throws(() => objective(modelOf(), valued, {}, advantages), /expected a model with a value head, which .* needs, found one without/)
  const [low, high] = [await found(valued, advantages, row(0, 0)), await found(valued, advantages, row(3, 3))]
  assert.notEqual(low.loss, high.loss)
  objective(modelOf(), d, {}, pairs) // no other loss asks for one
})
test('a loss of tokens reads each of them; a reference model that is absent says 0; a model of whole texts is refused', async () => {
  const loss = getOrThrow(ldDpo({ beta: 0.5, alpha: 1 })) // at α = 1 it is DPO
  const tokens = (...rows: readonly (readonly number[])[]) => tensor({ batch: rows.length, seq: 4 }, rows.flat())
  const own = { ...texts([-3], [3]), tokenReference: tokens([-2, -1, -1, -9]) }
  const other = { ...texts([-2], [2]), tokenReference: tokens([-1, -0.5, -9, -9]) }
  const model: Trainable<Given> = {
    ...modelOf(),
    score: (_, part) => ({
      logProbability: first(part.tokens),
      tokens: part.mask === own.mask ? tokens([-1, -1, -1, 0]) : tokens([-1, -1, 0, 0]),
    }),
  }
  const at = (batch: TrainingBatch) => number(objective(model, loss, {}, batch).loss)
  close(await at({ chosen: own, rejected: other }), softplus(-0.5 * (1 - -0.5)))
  const bare = ({ tokenReference: _, ...part }: typeof own) => part
  close(await at({ chosen: bare(own), rejected: bare(other) }), softplus(-0.5 * (-3 - -2)))
  assert.throws(
    () => objective(modelOf(), loss, {}, { chosen: own, rejected: other }),
    /LD-DPO reads the tokens of completions, found a model/,
  )
})
test('mixtures: the losses of examples are what they add to each sum; the terms are reported by their names', async () => {
  const mixed = getOrThrow(
    mixture([
      [1, d],
      [0.5, getOrThrow(sft())],
      [2, getOrThrow(sft())],
    ] as never),
  )
  const { loss, losses, metrics } = await found(mixed, pairs)
  const [compared, imitated] = [(softplus(-0.25) * 2 + softplus(-0.5)) / 3, (3 + 1 + 2) / (3 + 1 + 2)]
  close(loss, compared + 2.5 * imitated)
  assert.deepEqual(
    Object.keys(metrics).filter((name) => name.startsWith('loss')),
    ['loss/DPO', 'loss/SFT', 'loss/SFT (3)', 'loss'],
  )
  close(metrics['loss/DPO']!, compared)
  close(metrics['loss/SFT']!, 0.5 * imitated)
  close(metrics['loss/SFT (3)']!, 2 * imitated)
  close(losses[0]!, softplus(-0.25) + 2.5 * 3)
})

test('parts of a batch, told of the whole, add up to it: in what is pooled, and in what is divided by', async () => {
  const k = getOrThrow(kto({ beta: 0.5 })) as unknown as AnyLoss
  const whole: TrainingBatch = { outcome: chosen, unrelated: chosen, label: row(1, -1, 1), weight: row(1, 2, 3) }
  const part = (from: number, to: number): TrainingBatch => {
    const few = texts([-3, -1, -2].slice(from, to), [3, 1, 2].slice(from, to), [-4, -1.5, -2].slice(from, to))
    return { outcome: few, unrelated: few, label: row(...[1, -1, 1].slice(from, to)), weight: row(...[1, 2, 3].slice(from, to)) }
  }
  const parts = [part(0, 1), part(1, 3)]
  const wholes = parts.map((each) => batchStatistics(modelOf(), k, {}, each).whole)
  const statistic = wholes.map((each) => each.statistic!).reduce(pool)
  const total = await Promise.all(wholes.map((each) => number(each.denominator[0]!)))
  const denominator = [tensor({}, [total[0]! + total[1]!])]
  // The denominator of a part is only known with the pooled statistic; it is the same.
  assert.deepEqual(total, [1, 5])
  const losses = await Promise.all(parts.map((each) => number(objective(modelOf(), k, {}, each, { statistic, denominator }).loss)))
  close(losses[0]! + losses[1]!, (await found(k, whole)).loss)
})
test('a step keeps what a loss pools over all batches so far, and of other losses nothing', async () => {
  const batch: TrainingBatch = { outcome: chosen, unrelated: rejected, label: row(1, -1, 1) }
  const whole = { statistic: { sum: tensor({}, [3]), count: tensor({}, [4]) }, denominator: [tensor({}, [3])] }
  for (const [loss, kept] of [
    [getOrThrow(bco()) as unknown as AnyLoss, [3, 4]],
    [getOrThrow(kto()) as unknown as AnyLoss, [0, 0]],
  ] as const) {
    const optimizer = adamW({ rate: constantRate(0.1) })
    const { step } = trainStep(modelOf(), loss, optimizer)
    const [{ history }] = step(begin(optimizer, { theta: row(1) }), batch, whole)
    assert.deepEqual([await number(history.sum), await number(history.count)], kept)
  }
})
test('a run starts at the loss of the reference model: log 2 for DPO, λ/2 for KTO, whatever the parts', async () => {
  close(await number(startingPoint(d, [pairs, pairs])), Math.LN2)
  const judged: TrainingBatch = { outcome: chosen, unrelated: rejected, label: row(1, -1, 1) }
  close(await number(startingPoint(getOrThrow(kto()) as unknown as AnyLoss, [judged, judged])), 0.5)
  close(await number(startingPoint(getOrThrow(dpo()), [{ chosen: texts([-3], [3]), rejected: texts([-2], [2]) }])), Math.LN2)
})
test('metrics of judgements: by label, with the share of rewards on their side, and of examples whose slope is nearly 0', async () => {
  const judged: TrainingBatch = { outcome: texts([-3, -1, -90], [3, 1, 2], [-4, -1.5, -2]), unrelated: chosen, label: row(1, -1, -1) }
  const { metrics } = await found(getOrThrow(kto({ beta: 0.5 })) as unknown as AnyLoss, judged)
  const z0 = (0.5 * (1 + 0.5 + 0)) / 3
  const expected: Readonly<Record<string, number>> = {
    ...{ 'logps/chosen': -3, 'logps/rejected': (-1 - 90) / 2, 'rewards/chosen': 0.5, 'rewards/rejected': (0.25 - 44) / 2 },
    ...{ 'rewards/margins': 0.5 - (0.25 - 44) / 2, z0, 'z0/clamped': 0, kl: 0.5, saturated: 1 / 3 },
    'rewards/accuracies': 2 / 3, // 0.5 − z₀ > 0; −(0.25 − z₀) = 0; 44 + z₀ > 0
  }
  for (const [name, x] of Object.entries(expected)) close(metrics[name]!, x)
  const pair = (await found(d, pairs)).metrics
  assert.ok(pair['rewards/accuracies'] === 1 && !('z0' in pair))
  close(pair['rewards/margins']!, 1 / 3)
})
test('logits and entropies by label, whatever its size: an advantage of ½ is a desirable completion', async () => {
  const loss = getOrThrow(kto()) as unknown as AnyLoss
  const said = { logits: row(6, 2, 4), entropy: row(3, 1, 2) }
  const model: Trainable<Given> = { ...modelOf(), score: (_, { tokens }) => ({ logProbability: first(tokens), ...said }) }
  const { metrics } = objective(model, loss, {}, { outcome: chosen, unrelated: rejected, label: row(0.5, -0.5, -2) })
  const mean = async (name: string) => (await number(metrics[name]!.sum)) / (await number(metrics[name]!.count))
  close(await mean('logits/chosen'), 6 / 3)
  close(await mean('logits/rejected'), (2 + 4) / (1 + 2))
  close(await mean('entropy'), (3 + 1 + 2) / (3 + 1 + 2))
})
test('totals are divided; means without cases are absent; a margin is that of means; terms add up; KL is not negative', () => {
  const mean = (sum: number, count = 2) => ({ sum, count })
  assert.deepEqual(divide({ a: mean(6), none: mean(0, 0) }), { a: 3 })
  assert.deepEqual(divide({ 'rewards/chosen': mean(6), 'rewards/rejected': mean(2) }), {
    ...{ 'rewards/chosen': 3, 'rewards/rejected': 1, 'rewards/margins': 2 },
  })
  assert.deepEqual(divide({ 'rewards/chosen': mean(6), 'rewards/rejected': mean(0, 0) }), { 'rewards/chosen': 3 })
  assert.deepEqual(divide({ 'loss/A': mean(6), 'loss/B': mean(2) }), { 'loss/A': 3, 'loss/B': 1, loss: 4 })
  assert.deepEqual(divide({ 'loss/A': mean(6) }), { 'loss/A': 3, loss: 3 })
  assert.deepEqual(divide({ kl: mean(-1) }), { kl: 0 })
  assert.deepEqual(divide({ kl: mean(1) }), { kl: 0.5 })
})
