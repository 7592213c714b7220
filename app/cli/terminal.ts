/**
 * Where a command speaks and listens. Results go to standard output, so that they can be piped; everything meant for people goes to standard
 * error; Ctrl-C asks the command to stop after what it is doing.
 */
export interface Terminal {
  /** Writes to standard output, as it is. */
  readonly print: (text: string) => void
  /** Writes a line to standard error. */
  readonly say: (line?: string) => void
  /** Whether standard error is a screen, on which a line can be rewritten. */
  readonly interactive: boolean
  /** Aborted by Ctrl-C. Who never looks at it is ended by Ctrl-C at once, as any program is. */
  readonly stop: AbortSignal
}

/** The terminal of this process. A second Ctrl-C ends it at once. */
export const processTerminal = (): Terminal => {
  const say = (line = '') => void process.stderr.write(`${line}\n`)
  let stopping: AbortController | undefined
  const listen = (): AbortController => {
    const controller = new AbortController()
    process.once('SIGINT', () => {
      controller.abort()
      say('\nStopping after this step (Ctrl-C again: at once, without saving).')
      process.once('SIGINT', () => process.exit(interrupted))
    })
    return controller
  }
  // A reader that has seen enough (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  return {
    print: (text) => void process.stdout.write(text),
    say,
    interactive: process.stderr.isTTY === true,
    get stop() {
      stopping ??= listen()
      return stopping.signal
    },
  }
}

export const ok = 0
export const failed = 1
export const misused = 2
/** 128 + the number of SIGINT, as shells count. */
export const interrupted = 130

/** Lets timers, signals and the screen have their turn between two steps. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
