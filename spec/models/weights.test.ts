/** Weights of examples, and sums of losses, in training: what they mean, in parts as at once. */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import test from 'node:test'
import { read } from '../../core/index.ts'
import { type AnyLoss, dpo, getOrThrow, kto, mixture, sft } from '../../halos/index.ts'
import { unlikelihood } from '../../halos/losses/unlikelihood.ts'
import { adamW, BatchError, begin, constantRate, dataLoader, type TrainingExample, train, transformer } from '../../models/index.ts'
import { objective, startingPoint } from '../../models/internal.ts'
import { backend, close, flat, tiny } from './tiny.ts'

const [, { config, parameters } = tiny[0]!] = tiny
const model = transformer(config)
const optimizer = adamW({ rate: constantRate(1e-2) })

const text = (i: number, k: number) => ({
  prompt: [1, 2 + (i % 5)],
  completion: [...Array(1 + ((i * k) % 5)).fill(3 + k), 4 + ((i * k) % 6), 2],
})
const weight = (i: number) => (i % 4) / 2
const pairs: readonly TrainingExample[] = Array.from({ length: 12 }, (_, i) => ({
  chosen: text(i, 1),
  rejected: text(i, 2),
  weight: weight(i),
}))
const judged: readonly TrainingExample[] = Array.from({ length: 12 }, (_, i) => ({
  outcome: text(i, 1 + (i % 2)),
  label: i % 2 === 0,
  weight: weight(i),
}))
const unweighted = (examples: readonly TrainingExample[]) => examples.map(({ weight: _, ...rest }) => rest)

const mixed = (...terms: Parameters<typeof mixture>[0]): AnyLoss => getOrThrow(mixture(terms))
const ktoSft = mixed([1, getOrThrow(kto())], [0.5, getOrThrow(sft())])
const dpoSft = mixed([1, getOrThrow(dpo())], [0.1, getOrThrow(sft())])
const losses: readonly (readonly [AnyLoss, readonly TrainingExample[]])[] = [
  [getOrThrow(sft()), judged],
  [getOrThrow(dpo()), pairs],
  [getOrThrow(kto({ desirable: 1.5 })), judged],
  [getOrThrow(unlikelihood()), judged],
  [ktoSft, judged],
  [dpoSft, pairs],
]

const run = async (loss: AnyLoss, examples: readonly TrainingExample[], accumulate = 1) => {
  const reports: Readonly<Record<string, number>>[] = []
  const state = await train(begin(optimizer, parameters), {
    ...{ backend, model, loss, optimizer, examples, batch: 6, accumulate, steps: 2, onStep: ({ metrics }) => void reports.push(metrics) },
  })
  return { reports, parameters: await flat(state.parameters) }
}

for (const [loss, examples] of losses)
  test(`${loss.name}, weighted: in parts as at once, in loss, metrics and parameters`, async () => {
    const [whole, parts, plain] = [await run(loss, examples), await run(loss, examples, 3), await run(loss, unweighted(examples))]
    parts.reports.forEach((metrics, i) => {
      deepEqual(Object.keys(metrics).sort(), Object.keys(whole.reports[i]!).sort())
      for (const [name, value] of Object.entries(whole.reports[i]!)) close([metrics[name]!], [value], 1e-8, name)
    })
    close(parts.parameters, whole.parameters, 1e-7)
    ok(
      plain.reports.some(({ loss }, i) => Math.abs(loss! - whole.reports[i]!.loss!) > 1e-6),
      'weights matter',
    )
  })

/** The loss of these examples as one batch, of a policy that is not the reference model. */
const lossOf = async (loss: AnyLoss, examples: readonly TrainingExample[]) => {
  const [other = tiny[0]!] = tiny.slice(1)
  const batches = dataLoader(backend, model, loss, other.parameters, examples, { batch: examples.length })
  const [{ batch } = { batch: {} }] = await batches.at(0)
  return (await read(backend, objective(model, loss, parameters, batch).loss))[0]!
}

test('weight 2 is twice, weight 0 is not at all', async () => {
  const [a, b, c] = unweighted(pairs) as [TrainingExample, TrainingExample, TrainingExample]
  for (const loss of [getOrThrow(dpo()), dpoSft]) {
    const twice = await lossOf(loss, [a, a, b])
    close([await lossOf(loss, [{ ...a, weight: 2 }, b, { ...c, weight: 0 }])], [twice], 1e-12)
    close(
      [
        await lossOf(loss, [
          { ...a, weight: 1 },
          { ...b, weight: 0.5 },
        ]),
      ],
      [twice],
      1e-12,
    )
    close(
      [
        await lossOf(loss, [
          { ...a, weight: 0 },
          { ...b, weight: 0 },
        ]),
      ],
      [0],
      0,
    )
  }
})

test('the terms of a sum are reported, and add up to its loss', async () => {
  const { reports } = await run(dpoSft, pairs)
  for (const metrics of reports) {
    close([metrics['loss/DPO']! + metrics['loss/SFT']!], [metrics.loss!], 1e-12)
    ok(metrics['rewards/margins'] !== undefined && metrics['loss/SFT']! > 0)
  }
})

test('terms of one name are told apart', async () => {
  const { reports } = await run(mixed([1, getOrThrow(sft())], [0.5, getOrThrow(sft())]), unweighted(judged))
  close([reports[0]!.loss!], [1.5 * (await run(getOrThrow(sft()), unweighted(judged))).reports[0]!.loss!], 1e-12)
})

test('where a run must begin is known of sums and weights, too', async () => {
  const batches = dataLoader(backend, model, dpoSft, parameters, pairs, { batch: 6, accumulate: 2 })
  const parts = (await batches.at(0)).map(({ batch }) => batch)
  const { reports } = await run(dpoSft, pairs, 2)
  close([(await read(backend, startingPoint(dpoSft, parts)))[0]!], [reports[0]!.loss!], 1e-12)
})

test('a weight that is none is refused, by the name of its line', async () => {
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    await rejects(
      run(getOrThrow(dpo()), pairs.with(4, { ...pairs[4]!, weight: wrong, origin: 'pairs.jsonl:5' })),
      (e) => e instanceof BatchError && /pairs\.jsonl:5: expected a weight of 0 or more|field pairs\.jsonl:5/.test(e.message),
    )
})
