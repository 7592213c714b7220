/** The course of a run in a terminal: its loss and its margin, each point the mean of the steps that share a column. */
import asciichart from 'asciichart'
import type { LogRow } from './log.ts'

/** Columns and lines of a curve. */
const [width, height] = [64, 7]
/** A curve of fewer points says less than its two ends. */
const fewest = 10

const shown = { loss: 'loss', 'rewards/margins': 'rewards margin' } as const

export const curveLines = (rows: readonly LogRow[]): readonly string[] =>
  Object.entries(shown).flatMap(([metric, title]) => {
    const values = rows.flatMap(({ [metric]: value }) => (value === undefined || Number.isNaN(value) ? [] : [value]))
    if (values.length < fewest) return []
    return [
      '',
      `${title}, step by step`,
      ...asciichart
        .plot(columns(values), { height, format })
        .split('\n')
        .map((line) => line.trimEnd()),
    ]
  })

const columns = (values: readonly number[]): number[] => {
  const count = Math.min(width, values.length)
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i, i + 1].map((k) => Math.floor((k * values.length) / count))
    const some = values.slice(from, to)
    return some.reduce((sum, x) => sum + x, 0) / some.length
  })
}

const format = (x: number): string => x.toFixed(3).padStart(9)
