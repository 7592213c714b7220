/** Errors of the command line itself. Their messages are all that a user needs to see. */

/** What was asked for contradicts itself or the data: something else must be asked for. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The backend or mode that was asked for is not here. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
}

/** A resource needs permission or a login. */
export class AccessError extends Error {
  override readonly name = 'AccessError'
}

/** Another process works where this one was to. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** Ctrl-C or SIGTERM came before there was anything to save. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** A loss is not what it is declared to be. */
export class RefutedError extends Error {
  override readonly name = 'RefutedError'
}

/** A judge crashed, does not answer, or gives an invalid answer. */
export class JudgeError extends Error {
  override readonly name = 'JudgeError'
}

/** A tested implementation crashed, does not answer, or gives an invalid answer. */
export class ConformError extends Error {
  override readonly name = 'ConformError'
}
