/** The WebGPU of this platform: the page's own, or in Node that of the optional package `webgpu`. */

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
