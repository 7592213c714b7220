/** Rounds as a picture: win rate with its interval, KL, length, repetition, share of desirable answers, score; one colour for each directory. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { commonDomain, gridOf, legendLine } from '../plot.ts'
import { confidence } from '../terminal/statistics.ts'
import type { RoundRow } from './log.ts'

interface NamedRounds {
  readonly name: string
  readonly rows: readonly RoundRow[]
}

type RoundMetric = Exclude<keyof RoundRow, 'round' | 'win_low' | 'win_high' | 'verdicts' | 'examples'>

const panels: Readonly<Record<RoundMetric, string>> = {
  win_rate: `win rate against round 0, with its ${confidence} interval`,
  score: 'mean score',
  kl: 'KL from round 0, nats an answer',
  tokens: 'tokens an answer',
  ended: 'fraction of answers that the model ended',
  repetition: 'fraction of repeated runs of four words',
  desirable: 'fraction of desirable examples',
  loss: 'loss of the last step',
}
const fractions: readonly RoundMetric[] = ['ended', 'repetition', 'desirable']
const [width, height, columns] = [460, 220, 2] as const
const colours = ['#4269d0', '#e45756', '#3ca951', '#efb118', '#a463f2', '#9c6b4e'] as const

/** As SVG. */
export const roundsPicture = (all: readonly NamedRounds[]): string => {
  const drawn = (Object.keys(panels) as RoundMetric[]) // an object literal of these keys
    .filter((metric) => all.some(({ rows }) => rows.some((row) => row[metric] !== undefined)))
    .map((metric) => panel(metric, all))
  const legend = all.map(({ name }, i) => legendLine(name, colours[i % colours.length]!))
  return gridOf(drawn, { width, height, columns, title: 'Rounds', ...(all.length > 1 && { legend }) })
}

const panel = (metric: RoundMetric, all: readonly NamedRounds[]): string => {
  const { document } = parseHTML('<html></html>')
  const curves = all.map(({ rows }) =>
    rows.flatMap(({ round, win_low: low, win_high: high, ...row }) => {
      const value = row[metric]
      return value === undefined ? [] : [{ round, value, low, high }]
    }),
  )
  const last = Math.max(...curves.flat().map(({ round }) => round), 1)
  const values = curves.map((points) =>
    points.flatMap(({ value, low, high }) => (metric === 'win_rate' ? [value, low ?? value, high ?? value] : [value])),
  )
  return Plot.plot({
    document,
    ...{ width, height, marginLeft: 56, marginTop: 30, marginRight: 16 },
    style: { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' },
    x: {
      label: 'round',
      ticks: Array.from({ length: last + 1 }, (_, i) => i),
      tickFormat: (round: number) => `${round}`,
      domain: [0, last],
    },
    y: { label: panels[metric], grid: true, nice: true, domain: fractions.includes(metric) ? [0, 1] : commonDomain(values) },
    marks: [
      ...(metric === 'win_rate' ? [Plot.ruleY([0.5], { stroke: '#999', strokeDasharray: '3 3' })] : []),
      ...curves.flatMap((points, i) => {
        const colour = colours[i % colours.length]!
        return [
          ...(metric === 'win_rate' ? [Plot.ruleX(points, { x: 'round', y1: 'low', y2: 'high', stroke: colour, dx: 3 * i })] : []),
          Plot.line(points, { x: 'round', y: 'value', stroke: colour, strokeWidth: 1.5, clip: true }),
          Plot.dot(points, { x: 'round', y: 'value', fill: colour, r: 3.5, clip: true }),
        ]
      }),
    ],
  }).outerHTML
}
