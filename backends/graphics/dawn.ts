/**
 * WebGPU in Node: Dawn, from the optional package `webgpu`. Where the machine has no GPU, Dawn runs on SwiftShader, a GPU
 * played by the CPU, which Debian's chromium and Google's Chrome bring along.
 */
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, type Graphics } from './index.ts'

/** What must never be collected: Dawn freed under a live device aborts the process. */
const alive: unknown[] = []
Object.assign(globalThis, { [Symbol.for('halograd.dawn')]: alive })

/** A WebGPU through Dawn, or why there is none. */
export const dawn = async (): Promise<Graphics | string> => {
  const module = await import('webgpu').catch((cause: unknown) => `the optional package 'webgpu' (Dawn) did not load: ${cause}`)
  if (typeof module === 'string') return module
  const ask = async (through: string): Promise<Graphics | undefined> => {
    const gpu = module.create([])
    alive.push(gpu)
    const adapter = await gpu.requestAdapter()
    return adapter === null ? undefined : describe(gpu, adapter, through)
  }
  await loadVulkan()
  const real = hasDriver() ? await ask('Dawn on ') : undefined
  if (real !== undefined) return real
  const software = browsers.map((folder) => `${folder}/vk_swiftshader_icd.json`).find(existsSync)
  if (software === undefined)
    return "Dawn finds no GPU, and no software one: install a Vulkan driver, or Debian's chromium (apt-get install chromium), which has SwiftShader"
  // The Vulkan loader reads its environment whenever it is asked.
  process.env.VK_ICD_FILENAMES = software
  process.env.XDG_RUNTIME_DIR ??= tmpdir()
  return (await ask('no GPU, so Dawn on ')) ?? `Dawn finds no GPU, and could not use the software one of ${software}`
}

/** Is there anything to ask Dawn about? Without a driver it says so at length, on standard error. */
const hasDriver = (): boolean =>
  process.platform !== 'linux' ||
  'VK_ICD_FILENAMES' in process.env ||
  ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'].some(
    (folder) => existsSync(folder) && readdirSync(folder).length > 0,
  )

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
  alive.push(koffi?.default.load(copy))
}
