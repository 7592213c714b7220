/** What can go wrong between a program and a graphics card. Each message says what was asked, what was found, and what to do. */

/**
 * There is no WebGPU here, or no adapter that can run these kernels.
 * @example
 * ```ts
 * import { NoAdapterError } from 'halograd/backends/webgpu'
 * export const isIt = (error: unknown): boolean => error instanceof NoAdapterError
 * ```
 */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError'
}

/**
 * A program needs more than the device allows: memory, a larger binding, more bindings a kernel.
 * @example
 * ```ts
 * import { DeviceLimitError } from 'halograd/backends/webgpu'
 * export const isIt = (error: unknown): boolean => error instanceof DeviceLimitError
 * ```
 */
export class DeviceLimitError extends RangeError {
  override readonly name = 'DeviceLimitError'
}

/**
 * The device refused a shader, or what a program told it to do: a defect of the printer, or of the driver.
 * @example
 * ```ts
 * import { RefusedProgramError } from 'halograd/backends/webgpu'
 * export const isIt = (error: unknown): boolean => error instanceof RefusedProgramError
 * ```
 */
export class RefusedProgramError extends Error {
  override readonly name = 'RefusedProgramError'
}

/**
 * The device is gone, and every array on it. Training goes on from its last checkpoint on a new device.
 * @example
 * ```ts
 * import { LostDeviceError } from 'halograd/backends/webgpu'
 * export const isIt = (error: unknown): boolean => error instanceof LostDeviceError
 * ```
 */
export class LostDeviceError extends Error {
  override readonly name = 'LostDeviceError'
}

/**
 * An array that was freed or donated, or belongs to another backend.
 * @example
 * ```ts
 * import { UnknownArrayError } from 'halograd/backends/webgpu'
 * export const isIt = (error: unknown): boolean => error instanceof UnknownArrayError
 * ```
 */
export class UnknownArrayError extends TypeError {
  override readonly name = 'UnknownArrayError'
}
