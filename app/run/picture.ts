/**
 * The course of a run, or of several, as a picture: a panel for each metric that they have. Of one run, training is a line and held-out data are points on
 * a dashed one; of several, each run has a colour, and its name stands above the panels.
 */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { commonDomain, gridOf, legendLine } from '../plot.ts'
import { average } from '../terminal/statistics.ts'
import { heldOutIn, type LogRow, trainedIn } from './log.ts'

/** What is drawn where a run has it, from left to right. */
const panels = {
  loss: 'loss',
  'rewards/margins': 'rewards margin',
  'rewards/accuracies': 'rewards accuracy',
  win_rate: 'win rate against the start',
  kl: 'KL from the reference model, nats',
  grad_norm: 'gradient norm',
  learning_rate: 'learning rate',
} as const

const [width, height, columns] = [460, 240, 2] as const
const [training, heldOut] = ['#4269d0', '#e45756'] as const

/** As SVG. `smooth`: each point of training is the mean of so many steps around it. */
export const pictureOf = (rows: readonly LogRow[], smooth = 1): string => {
  const drawn = Object.entries(panels).flatMap(([metric, title]) => {
    const points = curvesOf(rows, metric, smooth)
    return points.training.length + points.heldOut.length === 0 ? [] : [panel(title, points)]
  })
  return gridOf(drawn, { width, height, columns })
}

/** A run among others. */
export interface NamedRun {
  readonly name: string
  readonly rows: readonly LogRow[]
}

/** Several runs in the same panels, as SVG: training as a line, held-out data as points on a dashed one, in the colour of the run. */
export const comparisonOf = (runs: readonly NamedRun[], smooth = 1): string => {
  const drawn = Object.entries(panels).flatMap(([metric, title]) => {
    const curves = runs.map(({ rows }) => curvesOf(rows, metric, smooth))
    return curves.every(({ training, heldOut }) => training.length + heldOut.length === 0) ? [] : [comparedPanel(title, curves)]
  })
  const legend = runs.map(({ name }, i) => legendLine(`${name}${i === 0 ? ' (dashed: held out)' : ''}`, colours[i % colours.length]!))
  return gridOf(drawn, { width, height, columns, title: 'Runs, step by step', legend })
}
const colours = ['#4269d0', '#e45756', '#3ca951', '#efb118', '#a463f2', '#9c6b4e', '#ff8ab7', '#6cc5b0', '#97bbf5', '#9498a0'] as const

const comparedPanel = (title: string, curves: readonly MetricCurves[]): string => {
  const { document } = parseHTML('<html></html>')
  const place = { x: 'step', y: 'value' } as const
  const values = curves.map(({ training, heldOut }) => [...training, ...heldOut].map(({ value }) => value))
  const drawn = Plot.plot({
    document,
    ...{ width, height, marginLeft: 56, marginTop: 30, marginRight: 16 },
    style: { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' },
    x: { label: 'step' },
    y: { label: title, grid: true, nice: true, domain: commonDomain(values) },
    marks: curves.flatMap(({ training, heldOut }, i) => {
      const colour = colours[i % colours.length]!
      return [
        Plot.line(training, { ...place, stroke: colour, strokeWidth: 1.5, clip: true }),
        Plot.line(heldOut, { ...place, stroke: colour, strokeDasharray: '3 3', clip: true }),
        Plot.dot(heldOut, { ...place, fill: colour, r: 3, clip: true }),
      ]
    }),
  })
  return drawn.outerHTML
}

interface MetricCurves {
  readonly training: Points
  readonly heldOut: Points
}

const curvesOf = (rows: readonly LogRow[], metric: string, smooth: number): MetricCurves => ({
  training: smoothed(pointsOf(rows, metric, trainedIn), smooth),
  heldOut: pointsOf(rows, metric, heldOutIn),
})

/** Means of up to `width` points around each. */
const smoothed = (points: Points, width: number): Points => {
  const half = Math.floor(width / 2)
  if (half === 0) return points
  return points.map(({ step }, i) => ({
    step,
    value: average(points.slice(Math.max(0, i - half), i + half + 1).map(({ value }) => value)),
  }))
}

type Points = readonly { readonly step: number; readonly value: number }[]

const pointsOf = (rows: readonly LogRow[], metric: string, read: typeof heldOutIn): Points =>
  rows.flatMap((row) => {
    const value = read(row)?.[metric]
    return value === undefined || Number.isNaN(value) ? [] : [{ step: row.step, value }]
  })

const panel = (title: string, points: MetricCurves): string => {
  const { document } = parseHTML('<html></html>')
  const place = { x: 'step', y: 'value' } as const
  const drawn = Plot.plot({
    document,
    ...{ width, height, marginLeft: 56, marginTop: 30, marginRight: 16 },
    style: { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' },
    x: { label: 'step' },
    y: { label: title, grid: true, nice: true },
    marks: [
      Plot.line(points.training, { ...place, stroke: training, strokeWidth: 1.5 }),
      Plot.line(points.heldOut, { ...place, stroke: heldOut, strokeDasharray: '3 3' }),
      Plot.dot(points.heldOut, { ...place, fill: heldOut, r: 3.5 }),
      ...(points.heldOut.length === 0 ? [] : [legend('training', training, -64), legend('held out', heldOut, 0)]),
    ],
  })
  return drawn.outerHTML
}

const legend = (text: string, fill: string, dx: number) =>
  Plot.text([text], { text: [text], fill, frameAnchor: 'top-right', textAnchor: 'end', dx, dy: -16, fontWeight: 'bold' })
