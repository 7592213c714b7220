/**
 * Text that ends before any of several others. While it grows, what might be the beginning of one of these is held back:
 *
 *     stops ["\nuser:"]      "fine" → "fine"      + "\nus" → ""      + "ual" → "\nusual"      + "\nuser:" → ""      ended
 */
export interface Stopping {
  /** More text; returns as much of all as is certain by now and was not returned before. */
  readonly take: (piece: string) => string
  /** What was held back, when nothing more comes. */
  readonly rest: () => string
  readonly ended: () => boolean
  /** All that was returned. */
  readonly text: () => string
}

export const stopping = (stops: readonly string[]): Stopping => {
  const ends = stops.filter((stop) => stop !== '')
  let [all, given, ended] = ['', 0, false]
  const until = (end: number): string => {
    const piece = all.slice(given, end)
    given = Math.max(given, end)
    return piece
  }
  return {
    take: (piece) => {
      if (ended) return ''
      all += piece
      const found = ends.map((stop) => all.indexOf(stop, Math.max(0, given - stop.length))).filter((at) => at >= 0)
      ended = found.length > 0
      return until(ended ? Math.min(...found) : all.length - held(all, ends))
    },
    rest: () => (ended ? '' : until(all.length)),
    ended: () => ended,
    text: () => all.slice(0, given),
  }
}

/** How long the longest end of a text is that a stop begins with. */
const held = (text: string, stops: readonly string[]): number =>
  Math.max(
    0,
    ...stops.map((stop) => {
      for (let length = Math.min(stop.length - 1, text.length); length > 0; length--)
        if (text.endsWith(stop.slice(0, length))) return length
      return 0
    }),
  )
