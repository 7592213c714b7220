/**
 * The modes of gpu.js on this machine, and what they would run on. gpu.js and Dawn take 90 ms and 130 MB to load, so
 * nothing is imported before it is asked for.
 */
export type Mode = 'webgpu' | 'webasm' | 'cpu'
/** All that can be asked for; the answer to `webgl2` is always no. */
export type AnyMode = Mode | 'webgl2'
export const modes: readonly AnyMode[] = ['webgpu', 'webasm', 'cpu', 'webgl2']

export type Probe = { readonly available: true; readonly detail: string } | { readonly available: false; readonly reason: string }

/** Is the mode here, and on what would it run? */
export const probe = async (mode: AnyMode): Promise<Probe> => {
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

/** The best mode here: a real GPU, else WebAssembly, else plain JavaScript. */
export const best = async (): Promise<Mode> => {
  const found = await graphics()
  if (typeof found !== 'string' && !found.software) return 'webgpu'
  return (await probe('webasm')).available ? 'webasm' : 'cpu'
}

// ------------------------------------------------------------------ WebGPU

export interface Graphics {
  readonly gpu: GPU
  readonly description: string
  /** A CPU plays the GPU: results are right, speed is not the point. */
  readonly software: boolean
}

let known: Promise<Graphics | string> | undefined

/** The platform's WebGPU, in Node that of the `webgpu` package; or why there is none. */
export const graphics = (): Promise<Graphics | string> => {
  known ??= find()
  return known
}

type Platform = () => Promise<Graphics | string>
let elsewhere: Platform = async () => 'this browser has no WebGPU: Chrome, Edge, Safari 26 and Firefox 141 or later do'
/** What to ask where there is no `navigator.gpu`: Node's entry names Dawn; a page has nothing else. */
export const useWithoutNavigator = (platform: Platform): void => {
  elsewhere = platform
}

const find = async (): Promise<Graphics | string> => {
  if (typeof navigator === 'undefined' || !('gpu' in navigator)) return elsewhere()
  const adapter = await navigator.gpu.requestAdapter()
  return adapter === null ? 'WebGPU is here, but no GPU is' : describe(navigator.gpu, adapter, '')
}

export const describe = (gpu: GPU, { info }: GPUAdapter, through: string): Graphics => {
  const name = [info.vendor, info.architecture, info.description || info.device].filter((part) => part !== '').join(' ')
  return { gpu, description: `${through}${name}`, software: /swiftshader|llvmpipe|lavapipe/i.test(name) }
}
