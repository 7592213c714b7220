/**
 * WebGPU: gpu.js compiles the kernels; the device, the arrays and the command encoder are ours. Arrays stay on the device
 * between runs, a run is one command buffer, and nothing is read back unless it is downloaded. A kernel cannot write what
 * it reads, so what is donated is computed beside the old and copied over it at the end.
 */

import { graphics } from '../graphics/index.ts'
import type { Program } from '../plan/index.ts'
import type { Built, GpujsDevice } from './device.ts'
import { DeviceLostError, ModeError } from './errors.ts'
import { type Launch, type Launches, slots } from './launch.ts'
import { assertMode, open, type Session } from './session.ts'

/** WebGPU's numbers for these (the globals exist only in browsers). */
const usage = { mapRead: 0x0001, copySource: 0x0004, copyTarget: 0x0008, uniform: 0x0040, storage: 0x0080 } as const
const array = usage.storage | usage.copySource | usage.copyTarget

/** What we use of a kernel that gpu.js 2.24.1 has built for WebGPU. */
interface CompiledShader {
  readonly computePipeline: GPUComputePipeline
  readonly bindGroupLayout: GPUBindGroupLayout
  readonly paramsLayout: { readonly byteLength: number; readonly arrayArgs: readonly { readonly dimsOffset: number }[] }
  readonly threadDim: readonly number[]
  readonly outputBuffer: GPUBuffer
  readonly _computeDispatch: (threads: readonly number[]) => {
    readonly groups: readonly [number, number, number]
    readonly dispatchWidth: number
  }
  readonly fallbackReason: string | null
}

/** A launch, ready to be encoded. */
interface DispatchPass {
  /** What it binds. */
  readonly values: readonly number[]
  readonly pipeline: GPUComputePipeline
  readonly groups: readonly [number, number, number]
  readonly bind: (buffers: readonly GPUBuffer[]) => GPUBindGroup
}

/** An open device: gpu.js on it, and whether it is still there. */
interface WebgpuMachine {
  readonly mine: Shared
  readonly device: GPUDevice
  readonly session: Session
}

/** @throws ModeError where there is no WebGPU; later, DeviceLostError: then another one can be opened */
export const webgpu = async (): Promise<GpujsDevice<GPUBuffer>> => {
  const mine = acquire()
  const device = await mine.device
  const g: WebgpuMachine = { mine, device, session: await open('webgpu', device) }
  return {
    arrays: device.limits.maxStorageBuffersPerShaderStage,
    upload: (data) => {
      const buffer = allocate(g, data.length)
      device.queue.writeBuffer(buffer, 0, Float32Array.from(data))
      return buffer
    },
    download: (buffer, size) => download(g, buffer, size),
    release: (buffer) => buffer.destroy(),
    build: (program, lowered) => build(g, program, lowered),
    close: async () => {
      await g.session.gpu.destroy()
      await release(mine)
    },
  }
}

/** WebGPU itself says nothing: what it is asked for is not done, and reading is aborted without a message. */
const present = ({ mine }: WebgpuMachine): void => {
  if (mine.lost !== undefined)
    throw new DeviceLostError(`gpujs: the WebGPU device was lost (${mine.lost}), and all arrays on it: open the backend again`)
}
const allocate = ({ device }: WebgpuMachine, size: number, use: number = array): GPUBuffer =>
  device.createBuffer({ size: 4 * size, usage: use })

const download = async (g: WebgpuMachine, buffer: GPUBuffer, size: number): Promise<Float32Array> => {
  present(g)
  const staging = allocate(g, size, usage.mapRead | usage.copyTarget)
  const encoder = g.device.createCommandEncoder()
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, 4 * size)
  g.device.queue.submit([encoder.finish()])
  await staging.mapAsync(usage.mapRead).catch((cause: unknown) => {
    present(g)
    throw cause
  })
  const values = new Float32Array(staging.getMappedRange().slice(0))
  staging.destroy()
  return values
}

const build = async (g: WebgpuMachine, program: Program, lowered: Launches): Promise<Built<GPUBuffer>> => {
  present(g)
  const { launches, sizes, outputs } = lowered
  fits(lowered, g.device)
  const donated = program.outputs.map((o) => o.donated)
  const inPlace = new Set(outputs.filter((_, o) => donated[o] !== undefined))
  const kept = new Set(outputs.filter((v) => !inPlace.has(v)))
  const { slot, sizes: slotSizes } = slots(lowered, program.inputs.length, kept, inPlace)
  const scratch = slotSizes.map((size) => allocate(g, size))
  const passes = await Promise.all(launches.map(compiler(g.device, g.session)))

  const run = async (given: readonly GPUBuffer[]): Promise<readonly GPUBuffer[]> => {
    present(g)
    const buffers = [...given]
    for (const { writes } of launches) buffers[writes] = kept.has(writes) ? allocate(g, sizes[writes]!) : scratch[slot.get(writes)!]!
    const encoder = g.device.createCommandEncoder()
    encode(encoder, passes, buffers)
    const results = outputs.map((value, o) => {
      const target = donated[o] === undefined ? undefined : given[donated[o]]!
      if (target === undefined || target === buffers[value]) return buffers[value]!
      encoder.copyBufferToBuffer(buffers[value]!, 0, target, 0, 4 * sizes[value]!)
      return target
    })
    g.device.queue.submit([encoder.finish()])
    return results
  }
  const bytes = 4 * [...program.inputs, ...slotSizes, ...[...kept].map((v) => sizes[v]!)].reduce((a, b) => a + b, 0)
  return { mode: 'webgpu', peakMemory: bytes, run: checkedOnce(g.device, run) }
}
const encode = (encoder: GPUCommandEncoder, passes: readonly DispatchPass[], buffers: readonly GPUBuffer[]): void => {
  const pass = encoder.beginComputePass()
  for (const { values, pipeline, groups, bind } of passes) {
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bind(values.map((v) => buffers[v]!)))
    pass.dispatchWorkgroups(groups[0], groups[1], groups[2])
  }
  pass.end()
}

/** Compile a launch and fix everything about it but its buffers. */
const compiler =
  (device: GPUDevice, { kernel }: Session) =>
  async (launch: Launch): Promise<DispatchPass> => {
    const shortcut = kernel(launch)
    // Types are all that gpu.js asks of these arguments; sizes are in the parameters, which are ours.
    await shortcut.kernel.build(...launch.reads.map(() => new Float32Array(1)))
    const { mode } = shortcut.kernel.constructor as unknown as { readonly mode: string } // a static of gpu.js's kernel classes
    const built = shortcut.kernel as unknown as CompiledShader // gpu.js declares only what all its modes share
    assertMode('webgpu', mode, built.fallbackReason)
    built.outputBuffer.destroy()
    const { groups, dispatchWidth } = built._computeDispatch(built.threadDim)
    const parameters = new Uint32Array(built.paramsLayout.byteLength / 4)
    parameters.set([...built.threadDim, dispatchWidth])
    for (const { dimsOffset } of built.paramsLayout.arrayArgs) parameters.set([1, 1, 1, 1], dimsOffset / 4)
    const uniform = device.createBuffer({ size: parameters.byteLength, usage: usage.uniform | usage.copyTarget })
    device.queue.writeBuffer(uniform, 0, parameters)
    let bound: { readonly buffers: readonly GPUBuffer[]; readonly group: GPUBindGroup } | undefined
    const bind = (buffers: readonly GPUBuffer[]): GPUBindGroup => {
      if (bound === undefined || bound.buffers.some((b, i) => b !== buffers[i])) {
        const entries = [uniform, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } }))
        bound = { buffers, group: device.createBindGroup({ layout: built.bindGroupLayout, entries }) }
      }
      return bound.group
    }
    return { values: [...launch.reads, launch.writes], pipeline: built.computePipeline, groups, bind }
  }

/** Say what does not fit before the device does, less clearly. */
const fits = ({ launches, sizes }: Launches, { limits }: GPUDevice): void => {
  for (const { name, reads, writes } of launches) {
    if (reads.length + 1 > limits.maxStorageBuffersPerShaderStage)
      throw new RangeError(
        `gpujs: kernel '${name}' uses ${reads.length + 1} arrays, this GPU allows ${limits.maxStorageBuffersPerShaderStage} a kernel`,
      )
    const most = Math.max(...[...reads, writes].map((v) => 4 * sizes[v]!))
    if (most > limits.maxStorageBufferBindingSize)
      throw new RangeError(`gpujs: kernel '${name}' uses an array of ${most} bytes, this GPU allows ${limits.maxStorageBufferBindingSize}`)
  }
}

/** WebGPU validates after the fact: wait for its verdict on the first run. */
const checkedOnce = <A extends readonly unknown[], B>(device: GPUDevice, run: (...args: A) => Promise<B>): ((...args: A) => Promise<B>) => {
  let checked = false
  return async (...args) => {
    if (checked) return run(...args)
    device.pushErrorScope('validation')
    const result = await run(...args)
    const error = await device.popErrorScope()
    if (error !== null) throw new Error(`gpujs: WebGPU refused the program: ${error.message}`)
    checked = true
    return result
  }
}

// ------------------------------------------------------------------ the device

/** gpu.js holds one device for all its instances, so all our backends share it, and the last to close destroys it. */
interface Shared {
  readonly device: Promise<GPUDevice>
  users: number
  /** Why it is gone, if it is. */
  lost: string | undefined
}
let shared: Shared | undefined

const acquire = (): Shared => {
  if (shared === undefined || shared.lost !== undefined) {
    const made: Shared = { device: request(), users: 0, lost: undefined }
    const why = made.device.then(({ lost }) => lost).then(({ reason, message }) => `${reason}: ${message}`, String)
    why.then((said) => {
      made.lost = said
    })
    shared = made
  }
  shared.users++
  return shared
}
const release = async (mine: Shared): Promise<void> => {
  if (--mine.users > 0) return
  if (shared === mine) shared = undefined
  const device = await mine.device
  device.destroy()
  await device.lost
}

/** A device with the limits of the GPU rather than the defaults. */
const request = async (): Promise<GPUDevice> => {
  const found = await graphics()
  const adapter = typeof found === 'string' ? null : await found.gpu.requestAdapter()
  if (adapter === null) throw new ModeError(`gpujs: mode 'webgpu' was asked for, but it is not available here: ${found}`)
  const { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } = adapter.limits
  return adapter.requestDevice({ requiredLimits: { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } })
}
