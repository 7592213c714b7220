/** Metrics per token are what their names say: computed here from the logits, token by token. */
import { ok } from 'node:assert/strict'
import test from 'node:test'
import { mapTree, read, tensor, volume } from '../../core/index.ts'
import { type AnyLoss, dpo, getOrThrow, kto, sft } from '../../halos/index.ts'
import { bradleyTerry } from '../../halos/losses/bradley-terry.ts'
import { dataLoader, type Example, type Trainable, type TrainingExample, transformer } from '../../models/index.ts'
import { beginReward, divide, objective, rewardModel } from '../../models/internal.ts'
import { backend, close, numbers, tiny, tokens } from './tiny.ts'

const text = (i: number, k: number): Example => ({ prompt: [1, 2 + i], completion: [...Array(1 + ((i * k) % 3)).fill(3 + k), 4 + i, 2] })
const pairs: readonly TrainingExample[] = Array.from({ length: 4 }, (_, i) => ({ chosen: text(i, 1), rejected: text(i, 2) }))
const judged: readonly TrainingExample[] = Array.from({ length: 4 }, (_, i) => ({ outcome: text(i, 1), label: i % 2 === 0 }))
const outcomes = judged.flatMap((example) => ('outcome' in example ? [example.outcome] : []))

const metricsOf = async <P>(model: Trainable<P>, parameters: P, loss: AnyLoss, examples: readonly TrainingExample[]) => {
  const [{ batch } = { batch: {} }] = await dataLoader(backend, model, loss, parameters, examples, { batch: 4 }).at(0)
  const totals: Record<string, { sum: number; count: number }> = {}
  for (const [name, { sum, count }] of Object.entries(objective(model, loss, parameters, batch).metrics))
    totals[name] = { sum: (await read(backend, sum))[0]!, count: (await read(backend, count))[0]! }
  return divide(totals)
}
const meanOf = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length

for (const { name, config, parameters } of tiny) {
  const model = transformer(config)
  /** Logits of the positions that predict the tokens of these completions. */
  const rows = async (texts: readonly Example[]): Promise<readonly (readonly number[])[]> => {
    const found = texts.map(async ({ prompt, completion }) => {
      const all = await numbers(model.logits(parameters, tokens([[...prompt, ...completion]])))
      return completion.map((_, t) => all.slice((prompt.length - 1 + t) * config.vocab, (prompt.length + t) * config.vocab))
    })
    return (await Promise.all(found)).flat()
  }
  const entropy = (logits: readonly number[]) => {
    const total = logits.reduce((n, x) => n + Math.exp(x), 0)
    return -logits.reduce((n, x) => n + (Math.exp(x) / total) * Math.log(Math.exp(x) / total), 0)
  }
  const side = (which: 'chosen' | 'rejected') => pairs.flatMap((pair) => ('chosen' in pair ? [pair[which]] : []))

  test(`${name}: entropy and logits of pairs, judgements and demonstrations`, async () => {
    const [better, worse, all] = [await rows(side('chosen')), await rows(side('rejected')), await rows(outcomes)]
    const preferred = await metricsOf(model, parameters, getOrThrow(dpo()), pairs)
    close([preferred.entropy!], [meanOf([...better, ...worse].map(entropy))], 1e-12)
    close([preferred['logits/chosen']!, preferred['logits/rejected']!], [meanOf(better.flat()), meanOf(worse.flat())], 1e-12)
    const found = await metricsOf(model, parameters, getOrThrow(kto()), judged)
    close([found.entropy!], [meanOf(all.map(entropy))], 1e-12)
    const [liked, disliked] = [0, 1].map((odd) => rows(outcomes.filter((_, i) => i % 2 === odd)))
    close([found['logits/chosen']!, found['logits/rejected']!], [meanOf((await liked!).flat()), meanOf((await disliked!).flat())], 1e-12)
    const shown = await metricsOf(model, parameters, getOrThrow(sft()), judged)
    close([shown.entropy!], [found.entropy!], 1e-12)
    ok(!('logits/chosen' in shown) && shown.entropy! > 0 && shown.entropy! < Math.log(config.vocab))
  })
}

test('whoever knows nothing has the entropy log |V|', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const silent = mapTree(parameters, (x) => tensor(x.shape, new Float64Array(volume(x.shape))))
  close([(await metricsOf(transformer(config), silent, getOrThrow(sft()), judged)).entropy!], [Math.log(config.vocab)], 1e-12)
})

test('a reward model has neither', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const metrics = await metricsOf(rewardModel(config), beginReward(config, parameters, 1), getOrThrow(bradleyTerry()), pairs)
  ok(!('entropy' in metrics) && !('logits/chosen' in metrics) && metrics['rewards/margins'] !== undefined)
})
