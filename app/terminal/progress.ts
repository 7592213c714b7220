/** How far a task is: a bar that is rewritten on a screen; elsewhere (a log, a pipe) now and then a line. */
import type { Terminal } from './terminal.ts'

export interface Progress {
  /** `facts` are printed beside the bar: 'loss 0.482 · 12.3k tokens/s'. */
  readonly at: (done: number, facts?: string) => void
  /** Prints a line above the bar. */
  readonly say: (line: string) => void
  readonly end: () => void
}

/** A task of `total` units, such as steps, of which some may have been done before. */
export const progress = (terminal: Terminal, title: string, total: number, before = 0): Progress =>
  terminal.interactive ? bar(terminal, title, total, before) : lines(terminal, title, total, before)

const bar = (terminal: Terminal, title: string, total: number, before: number): Progress => {
  const started = performance.now()
  let text = ''
  let drawn = Number.NEGATIVE_INFINITY
  const draw = (): void => {
    drawn = performance.now()
    process.stderr.write(`${hideCursor}${clearLine}${text}`)
  }
  const at = (done: number, facts?: string): void => {
    const full = Math.round((barWidth * done) / Math.max(total, 1))
    const shape = `${'■'.repeat(full)}${' '.repeat(Math.max(0, barWidth - full))}`
    const line = `${title} ${shape} ${done}/${total}${factsOf(facts, remaining(started, done - before, total - before))}`
    text = line.slice(0, (process.stderr.columns ?? 80) - 1)
    if (performance.now() - drawn > millisecondsPerFrame || done === total) draw()
  }
  at(before)
  return {
    at,
    say: (line) => {
      terminal.say(`${clearLine}${line}`)
      draw()
    },
    end: () => {
      draw()
      process.stderr.write(`\n${showCursor}`)
    },
  }
}

const barWidth = 24
const millisecondsPerFrame = 125
/** Control sequences: to the beginning of the line, and erase it; hide and show the cursor. */
const [clearLine, hideCursor, showCursor] = ['\r\x1b[K', '\x1b[?25l', '\x1b[?25h']

/** The least number of milliseconds between two lines, except at the beginning and the end of a task. */
const silence = 10_000

const lines = (terminal: Terminal, title: string, total: number, before: number): Progress => {
  const started = performance.now()
  let last = started
  return {
    at: (done, facts) => {
      const now = performance.now()
      if (done !== before + 1 && done !== total && now - last < silence) return
      last = now
      terminal.say(`${title} ${done}/${total}${factsOf(facts, remaining(started, done - before, total - before))}`)
    },
    say: terminal.say,
    end: () => undefined,
  }
}

const factsOf = (...facts: readonly (string | undefined)[]): string =>
  facts
    .filter((fact) => fact !== undefined && fact !== '')
    .map((fact) => ` · ${fact}`)
    .join('')

const remaining = (started: number, done: number, total: number): string => {
  const elapsed = (performance.now() - started) / 1000
  return done === 0 || done >= total ? '' : `${duration((elapsed / done) * (total - done))} left`
}

/** Seconds as people say them: 0.4 s, 12 s, 3 min 20 s. */
export const duration = (seconds: number): string => {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${(whole / 3600).toFixed(1)} h`
}

/** 950, 12.3k, 1.2M. */
export const count = (n: number): string =>
  n < 1000 ? n.toFixed(0) : n < 1e6 ? `${(n / 1e3).toFixed(1)}k` : `${(n / 1e6).toFixed(n < 1e7 ? 2 : 1)}M`
