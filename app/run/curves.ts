/** The curves of a run in a terminal: its loss and its margin, each point the mean of the steps that share a column. */
import type { LogRow } from './log.ts'

/** Columns and lines of a curve. */
const [width, height] = [64, 8]
/** A curve of fewer points says less than its two ends. */
const fewest = 10

const shown = { loss: 'loss', 'rewards/margins': 'rewards margin' } as const

export const curveLines = (rows: readonly LogRow[]): readonly string[] =>
  Object.entries(shown).flatMap(([metric, title]) => {
    const values = rows.flatMap(({ [metric]: value }) => (value === undefined || Number.isNaN(value) ? [] : [value]))
    return values.length < fewest ? [] : ['', `${title}, step by step`, ...chart(columns(values))]
  })

/** `height` lines from the highest value to the lowest, filled from below in eighths of a line. */
const chart = (values: readonly number[]): readonly string[] => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const eighths = values.map((x) => (high > low ? Math.round((8 * height - 1) * ((x - low) / (high - low))) + 1 : 1))
  return Array.from({ length: height }, (_, line) => {
    const below = 8 * (height - 1 - line)
    const label = high - ((high - low) * line) / (height - 1)
    return `${label.toFixed(3).padStart(9)} ┤${eighths.map((n) => blocks[Math.max(0, Math.min(8, n - below))]).join('')}`.trimEnd()
  })
}
const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

const columns = (values: readonly number[]): number[] => {
  const count = Math.min(width, values.length)
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i, i + 1].map((k) => Math.floor((k * values.length) / count))
    const some = values.slice(from, to)
    return some.reduce((sum, x) => sum + x, 0) / some.length
  })
}
