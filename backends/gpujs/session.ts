/**
 * gpu.js, opened in one mode, and its kernels. What it compiles is asserted to run in that mode: gpu.js falls back to
 * JavaScript with no more than a warning on the console.
 */
import type { GPU as GpuJs, IKernelRunShortcut } from 'gpu.js'
import type { Mode } from './devices.ts'
import { ModeError } from './errors.ts'
import { functions } from './functions.ts'
import type { Launch } from './launch.ts'

export interface Session {
  readonly gpu: GpuJs
  /** The gpu.js kernel of a launch: one for all launches that are written alike. */
  readonly kernel: (launch: Launch) => IKernelRunShortcut
}

/**
 * Open gpu.js in a mode. For WebGPU, `device` is the one it shall compile for: gpu.js asks `navigator.gpu` for its device
 * when it is made and when its first kernel is built, so for just that long `navigator.gpu` answers with ours.
 */
export const open = async (mode: Mode, device?: GPUDevice): Promise<Session> => {
  const { GPU } = await import('gpu.js').catch((cause: unknown) => {
    throw new ModeError(`gpujs: the optional package gpu.js did not load: npm install gpu.js (${cause})`)
  })
  const start = (): readonly [GpuJs, unknown] => {
    const gpu = new GPU({ mode })
    return [gpu, device && gpu.createKernel('function () { return 0; }', { output: [1] }).kernel.build()]
  }
  const [gpu, built] = device === undefined ? start() : lending(device, start)
  await built
  const kernels = new Map<string, IKernelRunShortcut>()
  const kernel = (launch: Launch): IKernelRunShortcut => {
    const key = `${launch.output}|${launch.source}`
    const known = kernels.get(key)
    if (known !== undefined) return known
    const made = gpu.createKernel(launch.source, { output: [...launch.output] })
    if (launch.calls) made.setFunctions(functions(mode))
    kernels.set(key, made)
    return made
  }
  return { gpu, kernel }
}

/** Refuse what gpu.js runs elsewhere. */
export const assertMode = (asked: Mode, executes: string | null, why: string | null): void => {
  if (executes !== asked)
    throw new ModeError(`gpujs: mode '${asked}' was asked for, but gpu.js executes in mode '${executes}'${why ? `: ${why}` : ''}`)
}

const lending = <T>(device: GPUDevice, use: () => T): T => {
  const bare = typeof navigator === 'undefined'
  if (bare) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  const gpu = { requestAdapter: async () => ({ limits: device.limits, requestDevice: async () => device }) }
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })
  try {
    return use()
  } finally {
    Reflect.deleteProperty(navigator, 'gpu')
    if (bare) Reflect.deleteProperty(globalThis, 'navigator')
  }
}
