/** Memory: arrays never overlap, what is freed is used again, and training for long takes no more than training for short. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { plan } from '../../backends/plan/index.ts'
import { device } from '../../backends/wasm/device.ts'
import { nodeHost } from '../../backends/wasm/host/node.ts'
import { heap } from '../../backends/wasm/memory.ts'
import { add, dot, mul, type Tensor } from '../../core/index.ts'
import { input } from '../../core/internal.ts'
import { collect } from '../garbage.ts'
import { generator } from './random.ts'

test('arrays never overlap, and freed memory becomes one hole again', () => {
  const { integer, chance } = generator(11)
  const store = heap(false)
  const taken: { readonly from: number; readonly bytes: number }[] = []
  for (let i = 0; i < 3000; i++) {
    if (taken.length > 0 && chance(0.48)) {
      const [gone] = taken.splice(integer(0, taken.length - 1), 1)
      store.give(gone!.from, gone!.bytes)
      continue
    }
    const bytes = chance(0.1) ? integer(1, 1 << 20) : integer(1, 5000)
    const from = store.take(bytes)
    assert(from % 64 === 0 && from + bytes <= store.memory.buffer.byteLength)
    const clash = taken.find((other) => from < other.from + other.bytes && other.from < from + bytes)
    assert.equal(clash, undefined, `[${from}, ${from + bytes}) meets ${JSON.stringify(clash)}`)
    taken.push({ from, bytes })
  }
  for (const { from, bytes } of taken) store.give(from, bytes)
  assert.equal(store.used(), 0)
  const size = store.memory.buffer.byteLength
  store.take(size - 8192)
  assert.equal(store.memory.buffer.byteLength, size, 'all of it is free again, in one piece')
})

test('2,000 donated steps leave memory and the number of arrays as they were', async () => {
  const machine = await device({ host: nodeHost, threads: 1 })
  const weights = input('weights', { a: 40, b: 50 }) as Tensor<'a' | 'b'>
  const batch = input('batch', { row: 30, b: 50 }) as Tensor<'row' | 'b'>
  const gradient = dot(dot(batch, weights, 'b'), batch, 'row') as Tensor<'a' | 'b'>
  const next = add(weights, mul(gradient, -1e-4))
  const { run } = await machine.load(plan({ inputs: [weights, batch], outputs: [next, gradient], donated: new Map([[0, 0]]) }))
  let state = machine.upload(new Float32Array(2000).fill(1))
  const step = (i: number): void => {
    const data = machine.upload(new Float32Array(1500).fill(i % 3))
    const [after, trace] = run([state, data])
    assert.throws(() => machine.read(state), /donated/)
    state = after!
    machine.free(trace!)
    machine.free(data)
  }
  for (let i = 0; i < 10; i++) step(i)
  const before = [machine.heap.used(), machine.heap.memory.buffer.byteLength, machine.live()]
  for (let i = 0; i < 2000; i++) step(i)
  assert.deepEqual([machine.heap.used(), machine.heap.memory.buffer.byteLength, machine.live()], before)
})

test('programs that nobody holds give their memory back', async (t) => {
  const machine = await device({ host: nodeHost, threads: 1 })
  const x = input('x', { a: 8 }) as Tensor<'a'>
  const load = async (): Promise<void> => {
    const { run } = await machine.load(plan({ inputs: [x], outputs: [add(x, 1)], donated: new Map() }))
    const given = machine.upload(new Float32Array(8))
    for (const handle of [...run([given]), given]) machine.free(handle)
  }
  await load()
  const one = machine.heap.used()
  for (let i = 0; i < 50; i++) await load()
  t.diagnostic(`${machine.heap.used() - one} bytes before collection`)
  await collect(() => machine.heap.used() <= one)
  assert(machine.heap.used() <= one, `${machine.heap.used() - one} bytes are still held`)
})
