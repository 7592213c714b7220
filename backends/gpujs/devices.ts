/**
 * The modes of gpu.js on this machine, and what they would run on. gpu.js and Dawn (the `webgpu` package: WebGPU in Node)
 * take 90 ms and 130 MB to load, so nothing is imported before it is asked for.
 */
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'

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
  readonly adapter: GPUAdapter
  readonly description: string
  /** A CPU plays the GPU: results are right, speed is not the point. */
  readonly software: boolean
}

/** What of Dawn must never be collected: freeing it under a live device aborts the process. */
const kept: { graphics?: Promise<Graphics | string>; readonly alive: unknown[] } = { alive: [] }
Object.assign(globalThis, { [Symbol.for('halograd.gpujs')]: kept })

/** The platform's WebGPU, or why there is none. */
export const graphics = (): Promise<Graphics | string> => {
  kept.graphics ??= find()
  return kept.graphics
}

const find = async (): Promise<Graphics | string> => {
  if (typeof navigator !== 'undefined' && 'gpu' in navigator) {
    const adapter = await navigator.gpu.requestAdapter()
    return adapter === null ? 'WebGPU is here, but no GPU is' : describe(navigator.gpu, adapter, '')
  }
  const dawn = await import('webgpu').catch((cause: unknown) => `the optional package 'webgpu' (Dawn) did not load: ${cause}`)
  if (typeof dawn === 'string') return dawn
  const ask = async (): Promise<readonly [GPU, GPUAdapter | null]> => {
    const gpu = dawn.create([])
    kept.alive.push(gpu)
    return [gpu, await gpu.requestAdapter()]
  }
  await loadVulkan()
  const software = browsers.map((folder) => `${folder}/vk_swiftshader_icd.json`).find(existsSync)
  const installed = drivers.some((folder) => existsSync(folder) && readdirSync(folder).length > 0) || 'VK_ICD_FILENAMES' in process.env
  const [gpu, adapter] = installed || process.platform !== 'linux' ? await ask() : []
  if (gpu !== undefined && adapter != null) return describe(gpu, adapter, 'Dawn')
  if (software === undefined)
    return "Dawn finds no GPU, and no software one: install a Vulkan driver, or Debian's chromium (apt-get install chromium), which has SwiftShader"
  // The Vulkan loader reads its environment whenever it is asked.
  process.env.VK_ICD_FILENAMES = software
  process.env.XDG_RUNTIME_DIR ??= tmpdir()
  const [soft, simulated] = await ask()
  return simulated === null
    ? `Dawn finds no GPU, and could not use the software one of ${software}`
    : describe(soft, simulated, 'no GPU, so Dawn on')
}

/** Where Vulkan drivers say that they are installed. */
const drivers = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']

/** Where Debian's chromium and Google's Chrome keep SwiftShader and a Vulkan loader. */
const browsers = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']

/** Dawn opens `libvulkan.so.1` by name: where only a browser's copy is installed, one that is loaded already is found. */
const loadVulkan = async (): Promise<void> => {
  if (process.platform !== 'linux') return
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)]
  if (folders.some((folder) => !browsers.includes(folder) && existsSync(`${folder}/libvulkan.so.1`))) return
  const copy = browsers.map((folder) => `${folder}/libvulkan.so.1`).find(existsSync)
  if (copy === undefined) return
  const koffi = await import('koffi').catch(() => undefined)
  kept.alive.push(koffi?.default.load(copy))
}

const describe = (gpu: GPU, adapter: GPUAdapter, through: string): Graphics => {
  const { vendor, architecture, device, description } = adapter.info
  const name = [vendor, architecture, description || device].filter((part) => part !== '').join(' ')
  return {
    gpu,
    adapter,
    description: [through, name].filter((part) => part !== '').join(' '),
    software: /swiftshader|llvmpipe|lavapipe/i.test(name),
  }
}
