/**
 * The modes of gpu.js on this machine, and what they would run on. gpu.js and Dawn take 90 ms and 130 MB to load, so
 * nothing is imported before it is asked for.
 */
import { graphics } from '../graphics/index.ts'

export type Mode = 'webgpu' | 'webasm' | 'cpu'
/** Modes of gpu.js that can be asked for; `webgl2` is never available. */
export type AnyMode = Mode | 'webgl2'
/**
 * All modes of gpu.js that can be asked for.
 * @example
 * ```ts
 * import { gpujsModes, probeGpujs } from 'halograd/backends/gpujs'
 * for (const mode of gpujsModes) await probeGpujs(mode)
 * ```
 */
export const modes: readonly AnyMode[] = ['webgpu', 'webasm', 'cpu', 'webgl2']

/** Whether a mode is available here: with the device, or with the reason why not. */
export type Probe = { readonly available: true; readonly detail: string } | { readonly available: false; readonly reason: string }

/**
 * Whether a mode is available here, and on what it would run; nothing is opened that stays open.
 * @example
 * ```ts
 * import { probeGpujs } from 'halograd/backends/gpujs'
 * const found = await probeGpujs('webgl2')
 * console.log(found.available) // false
 * ```
 */
export const probe = async (mode: AnyMode): Promise<Probe> => {
  if (!(await loads())) return { available: false, reason: 'the optional package gpu.js is not installed: npm install gpu.js' }
  if (mode === 'cpu') return { available: true, detail: 'plain JavaScript' }
  if (mode === 'webgl2')
    return { available: false, reason: 'gpu.js passes arrays through textures there: where there is a GPU, halograd takes WebGPU' }
  if (mode === 'webasm') {
    if (typeof WebAssembly === 'undefined') return { available: false, reason: 'this platform has no WebAssembly' }
    return { available: true, detail: 'WebAssembly' }
  }
  const found = await graphics()
  return typeof found === 'string' ? { available: false, reason: found } : { available: true, detail: found.description }
}

/** Whether gpu.js is there: it is an optional package. */
const loads = (): Promise<boolean> =>
  import('gpu.js').then(
    () => true,
    () => false,
  )

/** The best mode here: a real GPU, else WebAssembly, else plain JavaScript. */
export const best = async (): Promise<Mode> => {
  const found = await graphics()
  if (typeof found !== 'string' && !found.software) return 'webgpu'
  return (await probe('webasm')).available ? 'webasm' : 'cpu'
}
