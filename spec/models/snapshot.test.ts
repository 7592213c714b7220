/** A run that was saved to bytes, and gone on from them in another backend of the same kind, is bit by bit the run that was not. */
import { deepEqual, throws } from 'node:assert/strict'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import { wasm } from '../../backends/wasm/index.ts'
import { leaves, read, type Tensor } from '../../core/index.ts'
import { type AnyLoss, catalogue, getOrThrow } from '../../halos/index.ts'
import {
  adamW,
  begin,
  CheckpointError,
  formatSafetensors,
  fromSnapshot,
  linear,
  parseSafetensors,
  type StepState,
  toSnapshot,
  train,
  transformer,
} from '../../models/index.ts'
import { snapshotFile } from '../../models/internal.ts'
import { judged, tiny } from './tiny.ts'

const { config, parameters } = tiny[0]!
const optimizer = adamW({ rate: linear({ rate: 1e-2, warmup: 2, steps: 6 }), weightDecay: 0.1 })

const leg = async (start: StepState, steps: number, loss: AnyLoss) => {
  const backend = await wasm({ threads: 1 })
  const losses: number[] = []
  const state = await train(start, {
    ...{ backend, model: transformer(config), loss, optimizer, examples: judged, batch: 8, steps, seed: 2, reference: parameters },
    onStep: ({ metrics }) => void losses.push(metrics.loss!),
  })
  const numbers = []
  for (const x of leaves(state)) numbers.push([...(await read(backend, x as Tensor<string>))])
  const bytes = formatSafetensors(await toSnapshot(backend, state))
  await backend.close?.()
  return { losses, numbers, bytes }
}

// BCO's reference point is a mean over all batches so far: it must be kept, too.
for (const loss of (await catalogue()).filter(({ key }) => ['kto', 'bco'].includes(key)).map((family) => getOrThrow(family())))
  test(`${loss.name}: 6 steps are 2 steps, saved, and 4 more`, async () => {
    const start = begin(optimizer, parameters)
    const whole = await leg(start, 6, loss)
    const first = await leg(start, 2, loss)
    const saved = new Map(parseSafetensors(first.bytes, 'state.safetensors').map((tensor) => [tensor.name, tensor]))
    const rest = await leg(fromSnapshot(start, saved), 6, loss)
    deepEqual([...first.losses, ...rest.losses], whole.losses)
    deepEqual(rest.numbers, whole.numbers)
  })

test('a snapshot of something else is refused by name', async () => {
  throws(
    () => fromSnapshot(begin(optimizer, parameters), new Map(), 'state.safetensors'),
    (e) =>
      e instanceof CheckpointError &&
      /state\.safetensors, tensor parameters\.token: expected shape \[11, 8\], found no such tensor/.test(e.message),
  )
})

test('a file that is written tensor by tensor has the bytes of one that is written at once', async () => {
  const tree = { parameters, step: parameters.token }
  const pieces: Uint8Array[] = []
  for await (const piece of snapshotFile(reference(), tree)) pieces.push(piece)
  deepEqual(Buffer.concat(pieces), Buffer.from(formatSafetensors(await toSnapshot(reference(), tree))))
})
