/** What can go wrong with gpu.js and the devices that it runs on. */

/** The mode that was asked for is not here, or is not what executes. */
export class ModeError extends Error {
  override readonly name = 'ModeError'
}

/** The device is gone (its driver was reset, or something else destroyed it), and all arrays with it. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError'
}

/** An array that was freed or donated, or belongs to another backend. */
export class UnknownHandle extends Error {
  override readonly name = 'UnknownHandle'
}
