/** Modes are what they say they are, and arrays have one owner. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { DeviceLostError, gpujs, gpujsModes, ModeError, probeGpujs, UnknownHandle } from '../../backends/gpujs/index.ts'
import { lower } from '../../backends/gpujs/launch.ts'
import { assertMode, open } from '../../backends/gpujs/session.ts'
import { webgpu } from '../../backends/gpujs/webgpu.ts'
import { graphics } from '../../backends/graphics/index.ts'
import { plan } from '../../backends/plan/index.ts'
import { type Graph, mul, type Tensor } from '../../core/index.ts'
import { input } from '../../core/internal.ts'

const x = input('x', { row: 6 }) as Tensor<'row'>
const doubled: Graph = { inputs: [x], outputs: [mul(x, 2)], donated: new Map([[0, 0]]) }
const numbers = [1, 2, 3, 4, 5, 6]

for (const mode of gpujsModes) {
  const here = await probeGpujs(mode)
  if (!here.available) {
    test(`${mode}, which is not here, is refused with the reason`, () =>
      assert.rejects(gpujs({ mode }), (error) => error instanceof ModeError && error.message.includes(here.reason)))
    continue
  }
  test(`${mode}: what executes is reported; a donated array is spent`, async () => {
    const backend = await gpujs({ mode })
    const { run, report } = await backend.compile(doubled)
    assert.ok(report.mode.startsWith(mode) && report.mode.includes(here.detail), report.mode)
    assert.ok(report.kernels > 0 && report.flops > 0 && report.traffic > 0 && report.peakMemory >= 4 * 6)
    const first = backend.upload(numbers)
    const [second] = await run([first])
    assert.deepEqual([...(await backend.download(second!))], [2, 4, 6, 8, 10, 12])
    assert.equal(backend.live(), 1)
    await assert.rejects(run([first]), UnknownHandle)
    const [third] = await run([second!])
    assert.deepEqual([...(await backend.download(third!))], [4, 8, 12, 16, 20, 24])
    backend.free(third!)
    assert.equal(backend.live(), 0)
    await backend.close?.()
  })
  test(`${mode}: another backend's array is refused; what was closed opens again`, async () => {
    const [one, other] = [await gpujs({ mode }), await gpujs({ mode })]
    const { run } = await one.compile(doubled)
    await assert.rejects(run([other.upload(numbers)]), UnknownHandle)
    await one.close?.()
    await other.close?.()
    const again = await gpujs({ mode })
    const [result] = await (await again.compile(doubled)).run([again.upload(numbers)])
    assert.equal((await again.download(result!))[5], 12)
    await again.close?.()
    assert.equal(again.live(), 0)
  })
}

test('auto takes a mode that is here', async () => {
  const backend = await gpujs()
  assert.match(backend.name, /^gpujs (webgpu|webasm)$/)
  await backend.close?.()
})

test('what gpu.js executes elsewhere than it was asked to is an error that says why', async () => {
  // Pairs are an argument that gpu.js's WebAssembly mode does not take: it takes JavaScript instead, with a warning.
  const { gpu } = await open('webasm')
  const kernel = gpu.createKernel('function (a0) { return a0[this.thread.x][0]; }', { output: [2], argumentTypes: { a0: 'Array1D(2)' } })
  const warn = mock.method(console, 'warn', () => undefined)
  kernel([
    [1, 2],
    [3, 4],
  ])
  warn.mock.restore()
  const { mode } = kernel.kernel.constructor as unknown as { readonly mode: string }
  assert.throws(() => assertMode('webasm', mode, kernel.kernel.fallbackReason), ModeError)
  assert.throws(() => assertMode('webasm', mode, kernel.kernel.fallbackReason), /'cpu'.*Array1D/)
  await gpu.destroy()
})

const found = await graphics()
const skip = typeof found === 'string' ? found : false
test('webgpu: a donated array stays where it is', { skip }, async () => {
  const device = await webgpu()
  const program = plan(doubled, { fuse: 'maps' })
  const built = await device.build(program, lower(program, 'webgpu', device.arrays))
  const state = device.upload(numbers)
  for (let i = 0; i < 3; i++) assert.equal((await built.run([state]))[0], state)
  assert.deepEqual([...(await device.download(state, 6))], [8, 16, 24, 32, 40, 48])
  await device.close()
})

test('webgpu: a device that is lost says why, and the next backend has another', { skip }, async () => {
  assert.ok(typeof found !== 'string')
  const { gpu } = found
  const ask = gpu.requestAdapter.bind(gpu)
  const given: GPUDevice[] = []
  const asked = mock.method(gpu, 'requestAdapter', async () => {
    const adapter = await ask()
    const requestDevice = async (wanted: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const device = await adapter!.requestDevice(wanted)
      given.push(device)
      return device
    }
    return { limits: adapter!.limits, requestDevice }
  })
  const [first, second] = [await gpujs({ mode: 'webgpu' }), await gpujs({ mode: 'webgpu' })]
  const { run } = await first.compile(doubled)
  const state = first.upload(numbers)
  const reading = first.download(state)
  assert.equal(given.length, 1, 'both have the same')
  given[0]!.destroy()
  const lost = (error: unknown) => error instanceof DeviceLostError && /was lost \(destroyed: .*open the backend again/.test(error.message)
  await assert.rejects(reading, lost)
  await assert.rejects(second.download(second.upload(numbers)), lost)
  await assert.rejects(run([state]), lost)
  await assert.rejects(second.compile(doubled), lost)
  const next = await gpujs({ mode: 'webgpu' })
  await first.close?.()
  await second.close?.()
  const again = await next.compile(doubled)
  const [twice] = await again.run([next.upload(numbers)])
  assert.deepEqual([...(await next.download(twice!))], [2, 4, 6, 8, 10, 12])
  await next.close?.()
  asked.mock.restore()
})
