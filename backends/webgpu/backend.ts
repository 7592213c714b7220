/**
 * halograd on WebGPU: every program becomes compute shaders of our own, printed for its shapes, over memory in which arrays stay. A run is one
 * command buffer. This file is the same in Node, where WebGPU is Dawn, and in a page.
 */
import type { Backend } from '../../core/index.ts'
import { widened } from '../../core/internal.ts'
import { graphics } from '../graphics/index.ts'
import { plan, summarize } from '../plan/index.ts'
import { download, free, upload, uploadNarrow } from './arrays.ts'
import { type GpuMachine, machineOn, settle } from './device.ts'
import { NoAdapterError } from './errors.ts'
import { type Style, styles } from './grid.ts'
import { load } from './load.ts'
import { type TileCache, tuned } from './tune.ts'

export { DeviceLimitError, LostDeviceError, NoAdapterError, RefusedProgramError, UnknownArrayError } from './errors.ts'
export { type AdapterFacts, type AdapterPeaks, adapterFacts, adapterPeaks } from './measure.ts'

/** Whether there is a WebGPU adapter here, and what it is; or why there is none. */
export type AdapterProbe =
  | { readonly available: true; readonly description: string; readonly software: boolean }
  | { readonly available: false; readonly reason: string }

/**
 * What a program would run on; nothing is opened that stays open.
 * @example
 * ```ts
 * import { probeAdapter } from 'halograd/backends/webgpu'
 * const probe = await probeAdapter()
 * console.log(probe.available ? probe.description : probe.reason)
 * ```
 */
export const probeAdapter = async (): Promise<AdapterProbe> => {
  const found = await graphics()
  if (typeof found === 'string') return { available: false, reason: found }
  return { available: true, description: found.description, software: found.software }
}

/** How the WebGPU backend computes. */
export interface WebgpuOptions {
  /**
   * Measure on first use which tiles suit a card, for a second, and keep the choice: in Node in a file of the cache directory
   * (`$XDG_CACHE_HOME/halograd`), in a page in `localStorage`. Default true; a GPU played by a CPU is never measured.
   */
  readonly tune?: boolean
}

let cache: TileCache = {
  read: async (device) => globalThis.localStorage?.getItem(`halograd ${device}`) ?? undefined,
  write: async (device, choice) => globalThis.localStorage?.setItem(`halograd ${device}`, choice),
}
/** Where choices of tiles are kept: Node's entry names a file. @internal */
export const keepTiles = (where: TileCache): void => {
  cache = where
}

/**
 * Open a WebGPU backend, with float32 numbers: in Node by the optional package `webgpu` (Dawn), in a page by `navigator.gpu`.
 * @throws NoAdapterError where there is no adapter, or one that lacks what kernels need, with the reason
 * @example
 * ```ts
 * import { webgpu } from 'halograd/backends/webgpu'
 * export const open = () => webgpu()
 * ```
 */
export const webgpu = async ({ tune = true }: WebgpuOptions = {}): Promise<Backend> => {
  const found = await graphics()
  const adapter = typeof found === 'string' ? null : await found.gpu.requestAdapter()
  if (typeof found === 'string' || adapter === null)
    throw new NoAdapterError(`webgpu: there is no adapter here: ${typeof found === 'string' ? found : 'it is gone'}`)
  const machine = await machineOn(adapter, found.description, found.software)
  return backendOn(machine, tune && !machine.software ? await tuned(machine, styles.card, cache) : undefined)
}

/**
 * The backend of a machine, in the style of its kind, or in another.
 * @example
 * ```ts
 * import { backendOn } from 'halograd/backends/webgpu'
 * export const inStyle = (...[machine, style]: Parameters<typeof backendOn>) => backendOn(machine, style)
 * ```
 */
export const backendOn = (machine: GpuMachine, style: Style = styles[machine.software ? 'software' : 'card']): Backend => {
  const name = 'webgpu'
  return {
    name,
    compile: async (graph) => {
      const program = plan(graph)
      const { run, dispatches } = await load(machine, program, style)
      const { flops, traffic, peakMemory } = summarize(program)
      return { run, report: { backend: name, mode: machine.description, kernels: dispatches, flops, traffic, peakMemory } }
    },
    upload: (data) => upload(machine, data),
    uploadHalf: (data) => upload(machine, widened(data)),
    uploadNarrow: (data) => uploadNarrow(machine, data),
    download: (handle) => download(machine, handle),
    free: (handle) => free(machine, handle),
    live: () => machine.alive,
    close: async () => {
      await settle(machine).catch(() => {}) // what failed is gone with the device
      machine.device.destroy()
      await machine.device.lost
    },
  }
}
