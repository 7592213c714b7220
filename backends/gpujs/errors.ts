/** What can go wrong with gpu.js and the devices that it runs on. */

/**
 * The mode of gpu.js that was asked for is not available here, or is not what executes. The message says why.
 * @example
 * ```ts
 * import { gpujs, ModeError } from 'halograd/backends/gpujs'
 * console.log(await gpujs({ mode: 'webgl2' }).catch((error: unknown) => error instanceof ModeError)) // true
 * ```
 */
export class ModeError extends Error {
  override readonly name = 'ModeError'
}

/**
 * The GPU device is gone (its driver was reset, or something else destroyed it), and all arrays with it: open the backend again.
 * @example
 * ```ts
 * import { DeviceLostError, gpujs } from 'halograd/backends/gpujs'
 * import { read, type Tensor } from 'halograd/core'
 * export const readOrReopen = async (x: Tensor) => {
 *   const backend = await gpujs({ mode: 'webgpu' })
 *   return read(backend, x).catch((error: unknown) => {
 *     if (error instanceof DeviceLostError) return undefined // open the backend again, and upload anew
 *     throw error
 *   })
 * }
 * ```
 */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError'
}

/**
 * An array that was freed or donated, or belongs to another backend.
 * @example
 * ```ts
 * import { gpujs, UnknownHandle } from 'halograd/backends/gpujs'
 * export const readTwice = async () => {
 *   const backend = await gpujs({ mode: 'cpu' })
 *   const handle = backend.upload([1, 2])
 *   backend.free(handle)
 *   return backend.download(handle).catch((error: unknown) => error instanceof UnknownHandle)
 * }
 * ```
 */
export class UnknownHandle extends Error {
  override readonly name = 'UnknownHandle'
}
