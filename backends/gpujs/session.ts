/**
 * gpu.js, opened in one mode, and its kernels. What it compiles is asserted to run in that mode: gpu.js falls back to
 * JavaScript with no more than a warning on the console.
 */
import type { GPU as GpuJs, IKernelRunShortcut } from 'gpu.js'
import type { Mode } from './devices.ts'
import { functions } from './functions.ts'
import type { Launch } from './launch.ts'

/** The mode that was asked for is not here, or is not what executes. */
export class ModeError extends Error {
  override readonly name = 'ModeError'
}

export interface Session {
  readonly gpu: GpuJs
  /** The gpu.js kernel of a launch: one for all launches that are written alike. */
  readonly kernel: (launch: Launch) => IKernelRunShortcut
}

/** In WebGPU mode, `navigator.gpu` must be there first. */
export const open = async (mode: Mode): Promise<Session> => {
  const { GPU } = await import('gpu.js')
  const gpu = new GPU({ mode })
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
