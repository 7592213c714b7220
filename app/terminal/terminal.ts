/**
 * Where a command speaks and listens. Results go to standard output, so that they can be piped; everything meant for people goes to standard
 * error; Ctrl-C, or the SIGTERM of a scheduler that is about to kill, asks the command to stop after what it is doing.
 */
import { constants } from 'node:os'

export interface Terminal {
  /** Writes to standard output, as it is. */
  readonly print: (text: string) => void
  /** Writes a line to standard error. */
  readonly say: (line?: string) => void
  /** Whether standard error is a screen, on which a line can be rewritten. */
  readonly interactive: boolean
  /** Aborted by Ctrl-C or SIGTERM, whose name is then its reason. A command that never reads it is ended by either at once, as any program is. */
  readonly stop: AbortSignal
}

/** What asks to stop, and how people call it. */
const requests = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM' } as const
type PromptRequest = keyof typeof requests

/** npm forwards signals that have reached its whole process group: two requests within this many milliseconds are one. */
const echo = 500

/** The terminal of this process. A second request to stop ends it at once. */
export const processTerminal = (): Terminal => {
  const say = (line = '') => void process.stderr.write(`${line}\n`)
  let stopping: AbortController | undefined
  const listen = (): AbortController => {
    const controller = new AbortController()
    let asked = 0
    const onRequest = (request: PromptRequest): void => {
      if (controller.signal.aborted) {
        if (performance.now() - asked > echo) process.exit(codeOf(request))
        return
      }
      asked = performance.now()
      controller.abort(request)
      say(`\nStopping after this step (${requests[request]} again: at once, without saving).`)
    }
    for (const request of Object.keys(requests)) process.on(request, onRequest)
    return controller
  }
  // A closed pipe (`| head`) means that the result was not written to its end: that is an error.
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    say(code === 'EPIPE' ? 'Standard output was closed before all was written.' : `error: standard output cannot be written: ${message}`)
    process.exit(code === 'EPIPE' ? closed : failed)
  })
  // Without a reader of messages the work continues.
  process.stderr.on('error', () => {})
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
/** The exit code after a closed pipe: that of SIGPIPE. */
const closed = 128 + 13
/** 128 + the number of the signal, as shells count. */
const codeOf = (request: PromptRequest): number => 128 + constants.signals[request]
/** Of a command that was asked to stop: 130 by Ctrl-C, 143 by SIGTERM. */
export const interrupted = ({ reason }: AbortSignal): number => codeOf(reason === 'SIGTERM' ? reason : 'SIGINT')

/** Lets timers, signals and the screen have their turn between two steps. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
