/** What a run moves between host and device: its weights once, as reference model and as what training starts from; its metrics once a step. */
import { deepEqual, ok } from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { findLoss } from '../../app/inputs/losses.ts'
import type { TrainingCommandOptions } from '../../app/inputs/training-options.ts'
import { readData } from '../../app/run/data.ts'
import { trainableOf } from '../../app/run/trainable.ts'
import { trainingLoop } from '../../app/run/training-loop.ts'
import { reference } from '../../backends/index.ts'
import { type Backend, dispose, evaluate, tensor } from '../../core/index.ts'
import { adamW, begin, constantRate, train } from '../../models/index.ts'
import { jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)

/** A backend that notes the length of every array that is uploaded or downloaded. */
const counted = () => {
  const inner = reference()
  const [up, down]: [number[], number[]] = [[], []]
  const backend: Backend = {
    ...inner,
    upload: (values) => {
      up.push(values.length)
      return inner.upload(values)
    },
    download: async (handle) => {
      const values = await inner.download(handle)
      down.push(values.length)
      return values
    },
  }
  return { backend, up, down }
}

const terminal = { say: () => {}, print: () => {}, interactive: false, stop: new AbortController().signal }
const options = (name: string, more: object = {}) =>
  ({
    ...{ model, data, eval: '0.25', batch: 4, accumulate: 1, seed: 0, dropout: 0, truncate: 'refuse', backend: 'reference', steps: 3 },
    ...{ saveEvery: 0, keep: 0, epochs: 1, out: join(folder, name), ...more },
  }) as unknown as TrainingCommandOptions // what a run of three steps reads of them

const run = async (name: string, more: object = {}) => {
  const checkpoint = await loadCheckpoint(model)
  const loss = await findLoss('kto', {})
  const given = options(name, more)
  const rows = await readData(terminal, loss.needs, checkpoint, given)
  const { backend, up, down } = counted()
  const task = { command: 'align', settings: [], loss, options: given, rate: 1e-3 }
  await trainableOf({ checkpoint, loss, backend, seed: 0 }, (trainable) =>
    trainingLoop(terminal, task, rows, { backend, mode: 'counted' }, trainable),
  )
  const { vocab, embed } = checkpoint.model.config
  return { embeddings: up.filter((length) => length === vocab * embed).length, down }
}

test('the weights of a run that measures held-out data are uploaded once', async () => {
  deepEqual((await run('once')).embeddings, 1)
})

test('control: the counter sees an upload a call', async () => {
  const { backend, up } = counted()
  for (let i = 0; i < 3; i++) dispose(backend, await evaluate(backend, tensor({ i: 5 }, [1, 2, 3, 4, 5])))
  deepEqual(up, [5, 5, 5])
})

/** Downloads of each step. In the first epoch the reference model scores examples beside. */
const downloads = async (accumulate: number): Promise<readonly number[]> => {
  const { model: network, parameters } = await loadCheckpoint(model)
  const loss = await findLoss('dpo', {})
  const optimizer = adamW({ rate: constantRate(1e-3) })
  const texts = { chosen: { prompt: [1], completion: [2, 3] }, rejected: { prompt: [1], completion: [3] } }
  const { backend, down } = counted()
  const counts: number[] = []
  let before = 0
  await train(begin(optimizer, parameters), {
    ...{ backend, model: network, loss, optimizer, examples: [texts, texts], batch: 2, accumulate, steps: 4 },
    onStep: () => {
      counts.push(down.length - before)
      before = down.length
    },
  })
  return counts
}

test('what a step reports is read in one download, of a step in parts in one a part and one a survey', async () => {
  deepEqual((await downloads(1)).slice(1), [1, 1, 1])
  deepEqual((await downloads(2)).slice(1), [4, 4, 4])
  ok((await downloads(1))[0]! > 1, 'control: scores of the reference model are downloads, too')
})
