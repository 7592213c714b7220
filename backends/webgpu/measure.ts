/**
 * What an adapter is and what it can do, measured as clpeak does: multiply-adds in registers, and a copy.
 *
 *     GF/s = 2 · fma / seconds,     GB/s = (bytes read + bytes written) / seconds
 */
import { graphics } from '../graphics/index.ts'
import { type GpuMachine, machineOn, usage } from './device.ts'
import { NoAdapterError } from './errors.ts'
import type { GpuLaunch } from './launch.ts'
import { layoutOf, prepare } from './pipelines.ts'
import { blockOf, constants } from './shader.ts'

/** An adapter: what it is called, whether a CPU plays it, and what it grants. */
export interface AdapterFacts {
  readonly description: string
  readonly software: boolean
  readonly features: readonly string[]
  /** Bytes of one storage binding and of one buffer, bindings and threads of a workgroup, bytes of its memory. */
  readonly limits: Readonly<Record<string, number>>
}

/** Measured peaks of an adapter, in 10⁹ a second. */
export interface AdapterPeaks {
  readonly 'peak GF/s': number
  readonly 'peak GB/s': number
}

const named = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const

const found = async () => {
  const here = await graphics()
  const adapter = typeof here === 'string' ? null : await here.gpu.requestAdapter()
  if (typeof here === 'string' || adapter === null)
    throw new NoAdapterError(`webgpu: there is no adapter here: ${typeof here === 'string' ? here : 'it is gone'}`)
  return { ...here, adapter }
}

/**
 * What the adapter grants.
 * @throws NoAdapterError
 * @example
 * ```ts
 * import { adapterFacts } from 'halograd/backends/webgpu'
 * export const largestBinding = async () => (await adapterFacts()).limits.maxStorageBufferBindingSize
 * ```
 */
export const adapterFacts = async (): Promise<AdapterFacts> => {
  const { description, software, adapter } = await found()
  const limits = Object.fromEntries(named.map((name) => [name, adapter.limits[name]]))
  return { description, software, features: [...adapter.features].sort(), limits }
}

/**
 * Measure the adapter: takes about a second.
 * @throws NoAdapterError
 * @example
 * ```ts
 * import { adapterPeaks } from 'halograd/backends/webgpu'
 * export const peaks = () => adapterPeaks()
 * ```
 */
export const adapterPeaks = async (): Promise<AdapterPeaks> => {
  const { description, software, adapter } = await found()
  const machine = await machineOn(adapter, description, software)
  const groups = software ? 64 : 8192
  const size = software ? 1 << 20 : 1 << 23
  const arithmetic = await secondsOf(machine, multiplyAdds(groups), 64 * groups)
  const copying = await secondsOf(machine, copy(size), 2 * size)
  machine.device.destroy()
  return {
    'peak GF/s': (2 * 64 * groups * chains * turns) / arithmetic / 1e9,
    'peak GB/s': (8 * size) / copying / 1e9,
  }
}

const [chains, turns] = [16, 512]
const range = (n: number): readonly number[] => [...Array(n).keys()]
const plain = { reads: [], writes: [], arguments: [{ slot: 0, offset: 0 }] } as const

const multiplyAdds = (groups: number): GpuLaunch => ({
  ...{ ...plain, name: 'fma', structure: 'peak fma', groups },
  shader: ([memory]) => ({
    ...{ threads: 64, element: 'f32', declarations: [] },
    body: [
      ...range(chains).map((i) => `var x${i} = f32(thread + ${i});`),
      `let y = f32(group) * 1e-9f + 0.5f;`,
      `for (var i = 0; i < ${turns}; i++) {`,
      ...range(chains).map((i) => `x${i} = fma(x${i}, y, y);`),
      '}',
      `${memory}[p0 + group * 64 + thread] = ${range(chains)
        .map((i) => `x${i}`)
        .join(' + ')};`,
    ],
  }),
})

const copy = (size: number): GpuLaunch => ({
  ...{ ...plain, name: 'copy', structure: `peak copy ${size}`, groups: size / 64 },
  shader: ([memory]) => ({
    ...{ threads: 64, element: 'f32', declarations: [] },
    body: ['let i = p0 + group * 64 + thread;', `${memory}[i + ${size}] = ${memory}[i];`],
  }),
})

/** Seconds of one launch whose arguments are offsets into one array of so many elements: the best of a few rounds that are long enough for the clock. */
export const secondsOf = async (machine: GpuMachine, launch: GpuLaunch, elements: number): Promise<number> => {
  const { device, store } = machine
  const pipeline = await prepare(machine, { launch, homes: launch.arguments.map(() => 0), instances: 1 })
  const spot = store.take(elements)
  const { slab, offset } = spot
  const words = new Int32Array(blockOf(launch.arguments.length))
  words.set([...constants, ...launch.arguments.map((a) => offset + a.offset)])
  const uniform = device.createBuffer({ size: words.byteLength, usage: usage.uniform | usage.copyTarget })
  device.queue.writeBuffer(uniform, 0, words)
  const entries = [uniform, store.slabs[slab]!].map((buffer, binding) => ({ binding, resource: { buffer } }))
  const group = device.createBindGroup({ layout: layoutOf(machine, 1), entries })
  const round = async (count: number): Promise<number> => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group, [0])
    const across = Math.min(launch.groups, 32768)
    for (let i = 0; i < count; i++) pass.dispatchWorkgroups(across, Math.ceil(launch.groups / across))
    pass.end()
    const start = performance.now()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    return (performance.now() - start) / 1000 / count
  }
  const once = await round(1)
  const count = Math.max(1, Math.min(64, Math.ceil(0.03 / once)))
  const best = Math.min(await round(count), await round(count), await round(count))
  store.give(spot, elements)
  uniform.destroy()
  return best
}
