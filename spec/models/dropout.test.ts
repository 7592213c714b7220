/** Dropout: what vanishes, where and when; by seed, step and part alone; the same on every backend, and after a pause. */
import { deepEqual, equal, notDeepEqual, ok, rejects } from 'node:assert/strict'
import test, { after } from 'node:test'
import { wasm } from '../../backends/index.ts'
import { type Backend, fill, reachable, tensor } from '../../core/index.ts'
import { dpo, getOrThrow, kto } from '../../halos/index.ts'
import { adamW, BatchError, begin, constantRate, dataLoader, type StepState, train, transformer } from '../../models/index.ts'
import { dropping } from '../../models/internal.ts'
import { close, flat, judged, numbers, pairs, backend as reference, tiny, tokens } from './tiny.ts'

const compiled = await wasm({ threads: 1 })
after(() => compiled.close?.())

const number = (x: number) => tensor({}, [x])
const dropout = (rate: number, key: number) => ({ rate: number(Math.fround(rate)), key: number(key) })

test('a number vanishes with probability p, and the others are 1 / (1 − p) as large', async () => {
  const ones = fill({ row: 100, column: 100 }, 1)
  const drop = dropping(dropout(0.25, 7))
  const [first, second] = [await numbers(drop(ones)), await numbers(drop(ones))]
  for (const found of [first, second]) {
    deepEqual([...new Set(found)].sort(), [0, 4 / 3])
    close([found.filter((x) => x === 0).length / found.length], [0.25], 0.02)
  }
  notDeepEqual(first, second) // each use draws anew
  deepEqual(await numbers(dropping(dropout(0.25, 7))(ones)), first)
  notDeepEqual(await numbers(dropping(dropout(0.25, 8))(ones)), first)
  equal(dropping(undefined)(ones), ones)
})

for (const { name, config, parameters } of tiny) {
  test(`${name}: embeddings, attention weights, and what is added to the residual stream`, () => {
    const { hidden } = transformer(config)
    const draws = (rate?: number) =>
      reachable([hidden(parameters, tokens([[1, 2, 3]]), rate === undefined ? undefined : dropout(rate, 1))]).filter(
        ({ op }) => op.tag === 'random',
      ).length
    equal(draws(0.1), 1 + 3 * config.layers)
    equal(draws(), 0)
  })

  test(`${name}: the same run on both backends, and after a pause, to the bit`, async () => {
    const optimizer = adamW({ rate: constantRate(1e-2) })
    const run = async (backend: Backend, start: StepState = begin(optimizer, parameters), steps = 4) => {
      const losses: number[] = []
      const state = await train(start, {
        ...{ backend, model: transformer(config), loss: getOrThrow(kto()), optimizer, examples: judged, batch: 8, accumulate: 2, steps },
        ...{ dropout: 0.3, reference: parameters, onStep: ({ metrics }) => void losses.push(metrics.loss!) },
      })
      return { losses, state }
    }
    const whole = await run(reference)
    close((await run(compiled)).losses, whole.losses, 1e-4)
    const half = await run(reference, undefined, 2)
    const rest = await run(reference, half.state)
    deepEqual([...half.losses, ...rest.losses], whole.losses)
    deepEqual(await flat(rest.state), await flat(whole.state))
  })
}

test('every step, part and text draws by a key of its own; the reference model drops nothing', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const model = transformer(config)
  const batches = dataLoader(reference, model, getOrThrow(dpo()), parameters, pairs, { batch: 8, accumulate: 2, seed: 3, dropout: 0.5 })
  const keys: number[] = []
  for (const step of [0, 1, 2])
    for (const { batch } of await batches.at(step))
      for (const part of [batch.chosen!, batch.rejected!]) {
        keys.push(...(await flat(part.dropout!.key)))
        const { dropout: _, ...plain } = part
        close(await numbers(part.reference!), await numbers(model.logProbabilities(parameters, plain)), 1e-12)
        notDeepEqual(await numbers(model.logProbabilities(parameters, part)), await numbers(part.reference!))
      }
  equal(new Set(keys).size, 12)
  ok(keys.every((key) => Number.isInteger(key) && key >= 0 && key < 2 ** 24))
})

test('seeds that agree in their last 24 bits order, mix and drop differently', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const model = transformer(config)
  const seeds = Array.from({ length: 128 }, (_, i) => 1 + i * 2 ** 24)
  const runs = seeds.map((seed) => dataLoader(reference, model, getOrThrow(kto()), parameters, judged, { batch: 8, seed, dropout: 0.5 }))
  const seen: Readonly<Record<'examples' | 'others' | 'keys', Set<string>>> = { examples: new Set(), others: new Set(), keys: new Set() }
  for (const run of runs) {
    const [{ batch, examples } = { batch: {}, examples: [] }] = await run.at(0)
    seen.examples.add(examples.join())
    seen.others.add(String(await flat(batch.unrelated!.tokens)))
    seen.keys.add(String(await flat(batch.outcome!.dropout!.key)))
  }
  for (const [name, { size }] of Object.entries(seen)) equal(size, 128, name)
})

test('a rate that is none is refused', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const optimizer = adamW({ rate: constantRate(1e-2) })
  for (const rate of [1, -0.1, Number.NaN])
    await rejects(
      train(begin(optimizer, parameters), {
        ...{ backend: reference, model: transformer(config), loss: getOrThrow(dpo()), optimizer, examples: pairs, batch: 8, steps: 1 },
        dropout: rate,
      }),
      (e) => e instanceof BatchError && /dropout/.test(e.message),
    )
})
