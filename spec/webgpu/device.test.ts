/**
 * What goes wrong is an error of its own type, with a sentence, and nothing hangs: a lost device, an adapter without the needed limits, a shader
 * that does not compile, a program larger than memory. And a steady step makes nothing and waits for nothing.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { plan, summarize } from '../../backends/plan/index.ts'
import type { Region } from '../../backends/plan/regions.ts'
import { free, upload } from '../../backends/webgpu/arrays.ts'
import { backendOn } from '../../backends/webgpu/backend.ts'
import { limitsOf } from '../../backends/webgpu/device.ts'
import { styles } from '../../backends/webgpu/grid.ts'
import {
  DeviceLimitError,
  LostDeviceError,
  NoAdapterError,
  RefusedProgramError,
  UnknownArrayError,
  webgpu,
} from '../../backends/webgpu/index.ts'
import { read, write } from '../../backends/webgpu/kept.ts'
import type { GpuLaunch } from '../../backends/webgpu/launch.ts'
import { load } from '../../backends/webgpu/load.ts'
import { prepare } from '../../backends/webgpu/pipelines.ts'
import { tiles, tuned } from '../../backends/webgpu/tune.ts'
import { compile, evaluate, exp, mul, read as readTensor, type Tensor, tensor } from '../../core/index.ts'
import { trainingStep } from '../plan/training-step.ts'
import { noAdapter, opened } from './opened.ts'

const skip = noAdapter

test('a lost device says why, and from where to go on', { skip, timeout: 60000 }, async () => {
  const machine = await opened()
  const backend = backendOn(machine)
  const x = await evaluate(backend, tensor({ i: 3 }, [1, 2, 3]))
  const f = compile(backend, (y: Tensor<'i'>) => exp(y))
  await f(x)
  machine.device.destroy()
  await machine.device.lost
  const says = { name: 'LostDeviceError', message: /was lost \(destroyed.*all arrays on it: open the backend again.*checkpoint/ }
  await assert.rejects(readTensor(backend, x), says)
  await assert.rejects(async () => f(x), says)
  assert.throws(() => backend.upload([1]), LostDeviceError)
  await backend.close?.()
})

test('an adapter without the least limits is refused by the name of the limit; better ones are granted in tiers', () => {
  const limits = {
    maxStorageBufferBindingSize: 2 ** 31,
    maxBufferSize: 2 ** 33,
    maxStorageBuffersPerShaderStage: 44,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 300,
  }
  const adapter = (change: object) => ({ limits: { ...limits, ...change } }) as unknown as GPUAdapter // what is read of it
  assert.deepEqual(limitsOf(adapter({}), 'a card'), {
    maxStorageBufferBindingSize: 2047 * 2 ** 20,
    maxBufferSize: 2 ** 32,
    maxStorageBuffersPerShaderStage: 16,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
  })
  assert.throws(() => limitsOf(adapter({ maxStorageBuffersPerShaderStage: 4 }), 'a card'), {
    name: 'NoAdapterError',
    message: /a card has maxStorageBuffersPerShaderStage 4, but at least 8 is needed: use another GPU, or the wasm backend/,
  })
  assert.ok(new NoAdapterError('') instanceof Error)
})

test('a shader that does not compile is refused with its kernel and the line', { skip }, async () => {
  const machine = await opened()
  const shader: GpuLaunch['shader'] = () => ({ threads: 1, element: 'f32', declarations: [], body: ['let x: f32 = 1u;'] })
  const launch: GpuLaunch = { name: 'wrong', structure: 'wrong', shader, arguments: [], reads: [], writes: [], groups: 1 }
  await assert.rejects(prepare(machine, { launch, homes: [], instances: 1 }), (error: Error) => {
    assert.ok(error instanceof RefusedProgramError)
    assert.match(error.message, /does not compile the kernel 'wrong' \(line \d+: .*f32/)
    return true
  })
  // The device is as it was.
  const backend = backendOn(machine)
  assert.deepEqual([...(await readTensor(backend, mul(tensor({ i: 2 }, [1, 2]), 2)))], [2, 4])
  await backend.close?.()
})

test('a program larger than memory is refused before anything is made', { skip }, async () => {
  const machine = await opened()
  const backend = backendOn(machine)
  const n = Math.ceil(Math.sqrt(machine.device.limits.maxBufferSize / 4)) + 1
  const square = compile(backend, (x: Tensor<'i'>, y: Tensor<'j'>) => mul(x, y))
  const line = new Float32Array(n)
  await assert.rejects(square(tensor({ i: n }, line), tensor({ j: n }, line)), (error: Error) => {
    assert.ok(error instanceof DeviceLimitError)
    assert.match(
      error.message,
      /this program needs \d+ bytes in one piece, but .* binds at most \d+: use a smaller model or batch, or the wasm/,
    )
    return true
  })
  assert.throws(() => machine.store.take(n * n), { name: 'DeviceLimitError' })
  assert.equal(backend.live(), 0)
  await backend.close?.()
})

test('arrays of others, and arrays that are gone, are refused', { skip }, async () => {
  const [one, other] = [await webgpu(), await webgpu()]
  const x = one.upload([1, 2])
  await assert.rejects(other.download(x), UnknownArrayError)
  one.free(x)
  await assert.rejects(one.download(x), UnknownArrayError)
  await one.close?.()
  await other.close?.()
})

test('the fastest tile is measured once for a device, and kept', { skip }, async () => {
  const machine = await opened()
  const kept = new Map<string, string>()
  const cache = {
    read: async (device: string) => kept.get(device),
    write: async (device: string, choice: string) => void kept.set(device, choice),
  }
  const style = await tuned(machine, styles.card, cache, 64)
  const choice = kept.get(machine.description)
  assert.deepEqual(style, { ...styles.card, tile: tiles.get(choice ?? '') })
  const made = machine.made
  kept.set(machine.description, '64×64 in registers')
  assert.equal((await tuned(machine, styles.card, cache, 64)).tile.rows, 8)
  assert.equal(machine.made, made, 'what is kept is not measured again')
  // In a file, which may be missing or damaged.
  process.env.XDG_CACHE_HOME = await mkdtemp(join(tmpdir(), 'halograd-cache-'))
  assert.equal(await read(machine.description), undefined)
  await write(machine.description, '32×32 of 8')
  assert.equal(await read(machine.description), '32×32 of 8')
  await writeFile(join(process.env.XDG_CACHE_HOME, 'halograd', 'webgpu-tiles.json'), '{')
  assert.equal(await read(machine.description), undefined)
  await rm(process.env.XDG_CACHE_HOME, { recursive: true })
  machine.device.destroy()
})

test('a steady step makes no buffer and no bind group, and holds as much memory as the one before', { skip }, async () => {
  const machine = await opened()
  const graph = await trainingStep({ layers: 1, heads: 2, embed: 16, context: 8, vocab: 16, batch: 2 })
  const program = plan(graph)
  const { run, dispatches, launches } = await load(machine, program, styles.software)
  let state = program.inputs.map((size, i) =>
    upload(
      machine,
      Float32Array.from({ length: size }, (_, j) => (i + j) % 16),
    ),
  )
  const donated = [...graph.donated]
  const step = async (): Promise<void> => {
    const outputs = await run(state)
    for (const [o, x] of outputs.entries()) if (!graph.donated.has(o)) free(machine, x)
    const next = [...state]
    for (const [o, i] of donated) next[i] = outputs[o]!
    state = next
  }
  await step()
  await step()
  const { device } = machine
  // Fills and partial results are all that is moved beside what the cost model counts.
  const bytes = (of: (l: GpuLaunch) => readonly Region[]): number =>
    launches.reduce((n, l) => of(l).reduce((sum, { from, to }) => sum + 4 * (to - from), n), 0)
  const beside = bytes(({ name, reads, writes }) => (name === 'fill' || name === 'combine' ? [...reads, ...writes] : []))
  const counted = summarize(program).traffic
  assert.ok(counted + 2 * beside <= 1.3 * counted, `${counted} bytes are counted, ${counted + 2 * beside} moved`)
  Object.defineProperty(device, 'createBuffer', { value: () => assert.fail('a steady step made a buffer') })
  Object.defineProperty(device, 'createBindGroup', { value: () => assert.fail('a steady step made a bind group') })
  const [before, used] = [machine.made, machine.store.used()]
  await step()
  await step()
  assert.equal(machine.made, before)
  assert.equal(machine.store.used(), used)
  assert.ok(launches.length > 20 && dispatches < launches.length)
  assert.ok(dispatches <= program.kernels.length, `${dispatches} dispatches for ${program.kernels.length} kernels`)
  device.destroy()
})
