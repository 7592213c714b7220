/** `halograd plan` says what a run would need: it counts the arrays that the run then holds. Too large a run is refused before anything is loaded. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { findLoss } from '../../app/inputs/losses.ts'
import type { TrainingCommandOptions } from '../../app/inputs/training-options.ts'
import { counting } from '../../app/run/counting.ts'
import { type RunData, readData } from '../../app/run/data.ts'
import { estimate, smaller } from '../../app/run/estimate.ts'
import { checkFits } from '../../app/run/needs.ts'
import { UsageError } from '../../app/terminal/errors.ts'
import { tensor, volume } from '../../core/index.ts'
import { transformer } from '../../models/index.ts'
import { parametersBy } from '../../models/nets/parameters.ts'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)

test('plan prints parameters, memory, work and time, and trains nothing', async () => {
  const { code, out, err } = await halograd('plan', '--model', model, '--data', data, '--batch', '4', '--exact')
  assert.equal(code, 0, err)
  for (const what of ['parameters', 'peak', 'GFLOP a step of', 's a step on', 'with --lora 8', 'with --gradient-checkpointing'])
    assert.ok(out.includes(what), `${what} in\n${out}`)
})

test('what is counted: parameters, their two means and a copy as reference; adapters need no such copies', async () => {
  const options = {
    model,
    data,
    eval: '0.1',
    batch: 4,
    accumulate: 1,
    seed: 0,
    dropout: 0,
    truncate: 'refuse',
    backend: 'wasm',
  } as unknown as TrainingCommandOptions
  const checkpoint = await loadCheckpoint(model)
  const loss = await findLoss('kto', {})
  const terminal = { say: () => {}, print: () => {}, interactive: false, stop: new AbortController().signal }
  const found = async (more: Partial<TrainingCommandOptions> = {}) => {
    const task = { command: 'plan', settings: [], loss, options: { ...options, ...more }, rate: 1e-4 }
    return estimate(task, checkpoint, await readData(terminal, loss.needs, checkpoint, options))
  }
  const [whole, adapters, twoParts] = [await found(), await found({ lora: 2 }), await found({ accumulate: 2 })]
  assert.equal(whole.trained, whole.parameters)
  assert.ok(
    whole.state >= 4 * 4 * whole.parameters && whole.state < 6 * 4 * whole.parameters,
    `${whole.state} bytes of ${whole.parameters} weights`,
  )
  assert.equal(adapters.frozen, 4 * adapters.parameters)
  assert.ok(adapters.trained < whole.trained && adapters.state < whole.state)
  assert.ok(whole.peak >= whole.state + whole.activations)
  assert.ok(twoParts.activations < whole.activations, 'in parts, less is alive at once')
})

test('options that would make it smaller are those that are not chosen yet', () => {
  const names = (more: Partial<TrainingCommandOptions>) =>
    smaller({ accumulate: 1, batch: 8, ...more } as TrainingCommandOptions).map(([name]) => name)
  assert.deepEqual(names({ lora: 8, frozen: 'int8', gradientCheckpointing: true }), ['--accumulate 2'])
  assert.ok(!names({}).includes('--frozen int8'), 'weights beside adapters only')
})

test('a backend that counts gives back what is freed', () => {
  const { backend, count } = counting()
  const [x, y] = [backend.upload(new Float32Array(100)), backend.upload(new Float32Array(50))]
  backend.free(x)
  assert.deepEqual([count().alive, count().peak], [200, 600])
  backend.free(y)
  assert.equal(backend.live(), 0)
})

test('a run that cannot fit is refused before a weight is read, with what it needs, what there is, and what would fit', async () => {
  const small = await loadCheckpoint(model)
  const sizes = { context: 512, embed: 2048, layers: 1, heads: 8, keyValueHeads: 8, headSize: 256, hidden: 8192 }
  const config = { ...small.model.config, ...sizes }
  const load = (): never => assert.fail('a weight was read')
  const parameters = parametersBy(config)(({ shape }) => tensor(shape, { length: volume(shape), load }))
  const sealed = { ...small, model: transformer(config), parameters }
  const text = { prompt: [1], completion: Array.from({ length: 511 }, (_, i) => i % 250) }
  const training = Array.from({ length: 64 }, (_, i) => ({ outcome: text, label: i % 2 === 0 }))
  const loss = await findLoss('kto', {})
  const options = { model, batch: 64, accumulate: 1, seed: 0, dropout: 0, backend: 'wasm' } as unknown as TrainingCommandOptions
  const rows = { training, heldOut: [] } as unknown as RunData
  const task = { command: 'align', settings: [], loss, options, rate: 1e-4 }
  await assert.rejects(checkFits(task, sealed, rows), (error) => {
    assert.ok(error instanceof UsageError, String(error))
    assert.match(error.message, /^This run needs [\d,]+ MB, and WebAssembly has 4,295 MB here at most\. It would fit with\n {2}--/)
    assert.match(error.message, /--accumulate 2/)
    return true
  })
  await checkFits({ ...task, options: { ...options, batch: 2 } }, sealed, rows) // control: that fits, and is not refused
})
