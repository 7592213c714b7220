/** Warnings that come again are counted, not repeated. */

export interface Repeated {
  readonly say: (line?: string) => void
  /** Tells how often they came. */
  readonly end: () => void
}

/** Prints lines that begin with `warning` once. */
export const withoutRepetition = (say: (line?: string) => void): Repeated => {
  const counts = new Map<string, number>()
  return {
    say: (line = '') => {
      const times = line.startsWith('warning') ? (counts.get(line) ?? 0) : 0
      if (line.startsWith('warning')) counts.set(line, times + 1)
      if (times === 0) say(line)
    },
    end: () => {
      for (const [line, times] of counts) if (times > 1) say(`(${times} times: ${line})`)
    },
  }
}
