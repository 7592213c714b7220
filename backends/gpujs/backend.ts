/**
 * halograd on gpu.js 2.24: kernels are printed as text that gpu.js compiles for WebGPU, for WebAssembly or as JavaScript.
 * `mode: 'auto'` takes a real GPU if there is one, else WebAssembly. No mode stands in for another: what executes is
 * asserted, and reported.
 */
import type { Backend, Handle } from '../../core/index.ts'
import { plan, summarize } from '../plan/index.ts'
import type { GpujsDevice } from './device.ts'
import { type AnyMode, best, type Mode, probe } from './devices.ts'
import { ModeError, UnknownHandle } from './errors.ts'
import { host } from './host.ts'
import { lower } from './launch.ts'
import { webgpu } from './webgpu.ts'

export { type AnyMode as GpuJsMode, modes as gpujsModes, type Probe, probe as probeGpujs } from './devices.ts'
export { DeviceLostError, ModeError, UnknownHandle } from './errors.ts'

/**
 * gpu.js in one of its modes, with float32 numbers; needs the optional package gpu.js, and in Node webgpu for the mode `webgpu`. `auto`,
 * the default, takes a GPU where there is one, else WebAssembly.
 * @throws ModeError where the mode is not available here, with the reason
 * @example
 * ```ts
 * import { gpujs } from 'halograd/backends/gpujs'
 * export const open = () => gpujs({ mode: 'webasm' })
 * ```
 */
export const gpujs = async (options: { readonly mode?: AnyMode | 'auto' } = {}): Promise<Backend> => {
  const mode = options.mode === undefined || options.mode === 'auto' ? await best() : options.mode
  const here = await probe(mode)
  if (!here.available || mode === 'webgl2')
    throw new ModeError(`gpujs: mode '${mode}' was asked for, but it is not available here: ${here.available ? '' : here.reason}`)
  return mode === 'webgpu' ? backend(mode, await webgpu(), here.detail) : backend(mode, await host(mode), here.detail)
}

const backend = <T>(mode: Mode, device: GpujsDevice<T>, detail: string): Backend => {
  const name = `gpujs ${mode}`
  const arrays = new Map<Handle, T>()
  const add = (array: T, size: number): Handle => {
    const handle = { size }
    arrays.set(handle, array)
    return handle
  }
  const look = (handle: Handle): T => {
    const array = arrays.get(handle)
    if (array === undefined) throw new UnknownHandle(`${name}: this array of ${handle.size} was freed or donated, or is another backend's`)
    return array
  }
  return {
    name,
    compile: async (graph) => {
      const program = plan(graph, { fuse: 'maps' })
      const launches = lower(program, mode, device.arrays)
      const built = await device.build(program, launches)
      const { flops, traffic } = summarize(program)
      return {
        report: {
          backend: name,
          mode: `${built.mode}: ${detail}`,
          kernels: launches.launches.length,
          flops,
          traffic,
          peakMemory: built.peakMemory,
        },
        run: async (inputs) => {
          const results = await built.run(inputs.map(look))
          for (const { donated } of program.outputs) if (donated !== undefined) arrays.delete(inputs[donated]!)
          return results.map((array, o) => add(array, program.outputs[o]!.size))
        },
      }
    },
    upload: (data) => add(device.upload(data), data.length),
    download: (handle) => device.download(look(handle), handle.size),
    free: (handle) => {
      // What `close` released may still be collected later.
      const array = arrays.get(handle)
      if (array !== undefined) device.release(array)
      arrays.delete(handle)
    },
    live: () => arrays.size,
    close: async () => {
      for (const array of arrays.values()) device.release(array)
      arrays.clear()
      await device.close()
    },
  }
}
