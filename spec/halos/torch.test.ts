/** Losses as PyTorch source, without running it: what is written reads as a person would write it, and depends on the loss alone. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { fill, size, type Tensor } from '../../core/index.ts'
import { type AnyLoss, catalogue, find, getOrThrow, meanOf, needing, TorchError, torchFunctions, unpublished } from '../../halos/index.ts'

const families = await catalogue()
const functionsOf = (key: string) => torchFunctions(getOrThrow(find(families, key)!()))

test('KTO', () => {
  const { statistic, evaluate, statisticReads, held, wholeBatch } = functionsOf('kto')
  assert.deepEqual([statisticReads, held, wholeBatch], [['unrelated'], true, false])
  assert.deepEqual(statistic, [
    'unrelated = batch.unrelated',
    'n = unrelated.policy.shape[0]',
    'number = numbers_like(unrelated.policy)',
    'sum_ = (0.1 * (unrelated.policy - unrelated.reference)).sum()',
    'return Statistic(sum_, number(n))',
  ])
  for (const line of [
    'rewards = 0.1 * (outcome.policy - outcome.reference)',
    'z0 = torch.maximum(number(0), (pooled.sum / pooled.count).detach())',
    'relative_reward = torch.where(0 < label, number(1), number(-1)) * (rewards - z0)',
    'x1 = torch.sigmoid(relative_reward)',
    'losses = torch.abs(label) * (1 - x1)',
  ])
    assert.ok(evaluate.includes(line), `${line}\n${evaluate.join('\n')}`)
})

test('what depends on the batch beyond a statistic is known', () => {
  const ofCompletions = families.filter((family) => getOrThrow(family()).tokens === undefined)
  const whole = ofCompletions.filter((family) => torchFunctions(getOrThrow(family())).wholeBatch).map(({ key }) => key)
  assert.deepEqual(whole, ['aot', 'aot-unpaired', 'kto-pair'])
})

const own = (losses: (policy: Tensor<'example'>) => Tensor<'example'>): AnyLoss => ({
  ...{ name: 'Own', source: unpublished('Own'), needs: needing('outcome') },
  evaluate: ({ outcome: { policy } }) => ({ ...meanOf(losses(policy)), rewards: { outcome: policy } }),
})
test('numbers that depend on the number of examples are written as such, or refused', () => {
  const times = (f: (n: number) => number) =>
    torchFunctions(own((p) => fill({ example: size(p, 'example') }, f(size(p, 'example'))))).evaluate
  assert.match(times((n) => 2 * n + 1).join('\n'), /2 \* n \+ 1/)
  assert.match(times((n) => 3 / n).join('\n'), /3 \/ n/)
  assert.throws(() => times((n) => Math.sqrt(n)), TorchError)
})
