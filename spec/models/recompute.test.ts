/** Layers that are computed again in the backward pass: the same step to the bit, from less memory. */
import { deepEqual, ok } from 'node:assert/strict'
import test, { after } from 'node:test'
import { wasm } from '../../backends/index.ts'
import type { Backend, Report } from '../../core/index.ts'
import { type AnyLoss, dpo, getOrThrow, kto, sft } from '../../halos/index.ts'
import { adamW, begin, constantRate, initialize, type TrainingExample, train, transformer } from '../../models/index.ts'
import { flat, judged, pairs, backend as reference, tiny } from './tiny.ts'

const compiled = await wasm({ threads: 1 })
after(() => compiled.close?.())
const optimizer = adamW({ rate: constantRate(1e-2) })

/** Heads large enough to be matrix products: bits are those of one way to add. */
const models = tiny.map(({ name, config: { ...config } }) => ({ name, config: { ...config, embed: 16, headSize: 4 } }))
for (const { name, config } of models)
  for (const [loss, examples] of [
    [getOrThrow(sft()), judged],
    [getOrThrow(kto()), judged],
    [getOrThrow(dpo()), pairs],
  ] as const satisfies readonly (readonly [AnyLoss, readonly TrainingExample[]])[])
    test(`${name}: ${loss.name}, with dropout, to the bit`, async () => {
      const run = async (backend: Backend, recompute: boolean) => {
        const losses: number[] = []
        const state = await train(begin(optimizer, initialize(config, 7, 0.4)), {
          ...{ backend, model: transformer(config), loss, optimizer, examples, batch: 8, steps: 3, dropout: 0.2, recompute },
          onStep: ({ metrics }) => void losses.push(metrics.loss!, metrics.grad_norm!),
        })
        return { losses, parameters: await flat(state.parameters) }
      }
      deepEqual(await run(compiled, true), await run(compiled, false))
      if (loss.name === 'KTO') deepEqual(await run(reference, true), await run(reference, false))
    })

test('what is kept of a layer is its input', async () => {
  /** What the cost model says that the largest program of a run needs, in bytes, and its work. */
  const needs = async (layers: number, recompute: boolean): Promise<Report> => {
    const config = { ...tiny[1]!.config, layers, embed: 64, headSize: 16, hidden: 256, context: 64 }
    const reports: Report[] = []
    const watching: Backend = {
      ...compiled,
      compile: async (graph) => {
        const executable = await compiled.compile(graph)
        reports.push(executable.report)
        return executable
      },
    }
    const examples = Array.from({ length: 4 }, (_, i) => ({
      outcome: { prompt: [1], completion: Array.from({ length: 63 }, (_, t) => 1 + ((i + t) % 9)) },
    }))
    await train(begin(optimizer, initialize(config, 1)), {
      ...{ backend: watching, model: transformer(config), loss: getOrThrow(sft()), optimizer, examples, batch: 4, steps: 1, recompute },
    })
    return reports.reduce((most, report) => (report.peakMemory > most.peakMemory ? report : most))
  }
  const [four, eight] = [await needs(4, true), await needs(8, true)]
  const [all, twice] = [await needs(4, false), await needs(8, false)]
  const input = 4 * 64 * 64 * 4
  // Of each layer more: parameters, moments and gradients, which are no scratch, and its input.
  const parameters = 4 * (4 * 64 * 64 + 2 * 64 * 256 + 13 * 64)
  const layer = (eight.peakMemory - four.peakMemory) / 4
  ok(layer < 4.2 * parameters + 1.5 * input, `${layer} bytes a layer`)
  ok((twice.peakMemory - all.peakMemory) / 4 > layer + 10 * input)
  ok(eight.flops < 1.4 * twice.flops)
})
