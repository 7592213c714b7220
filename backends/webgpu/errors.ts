/** What can go wrong between a program and a graphics card. Each message says what was asked, what was found, and what to do. */

/** There is no WebGPU here, or no adapter that can run these kernels. */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError'
}

/** A program needs more than the device allows: memory, a larger binding, more bindings a kernel. */
export class DeviceLimitError extends RangeError {
  override readonly name = 'DeviceLimitError'
}

/** The device refused a shader, or what a program told it to do: a defect of the printer, or of the driver. */
export class RefusedProgramError extends Error {
  override readonly name = 'RefusedProgramError'
}

/** The device is gone, and every array on it. Training goes on from its last checkpoint on a new device. */
export class LostDeviceError extends Error {
  override readonly name = 'LostDeviceError'
}

/** An array that was freed or donated, or belongs to another backend. */
export class UnknownArrayError extends TypeError {
  override readonly name = 'UnknownArrayError'
}
