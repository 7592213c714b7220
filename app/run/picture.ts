/** The course of a run as a picture: a panel for each metric that it has, training as a line, held-out data as points on a dashed one. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { gridOf } from '../plot.ts'
import { heldOutIn, type LogRow, trainedIn } from './log.ts'

/** What is drawn where a run has it, from left to right. */
const panels = {
  loss: 'loss',
  'rewards/margins': 'rewards margin',
  'rewards/accuracies': 'rewards accuracy',
  kl: 'KL from the reference model, nats',
  grad_norm: 'gradient norm',
  learning_rate: 'learning rate',
} as const

const [width, height, columns] = [460, 240, 2] as const
const [training, heldOut] = ['#4269d0', '#e45756'] as const

/** As SVG. */
export const pictureOf = (rows: readonly LogRow[]): string => {
  const drawn = Object.entries(panels).flatMap(([metric, title]) => {
    const points = { training: pointsOf(rows, metric, trainedIn), heldOut: pointsOf(rows, metric, heldOutIn) }
    return points.training.length + points.heldOut.length === 0 ? [] : [panel(title, points)]
  })
  return gridOf(drawn, { width, height, columns })
}

type Points = readonly { readonly step: number; readonly value: number }[]

const pointsOf = (rows: readonly LogRow[], metric: string, read: typeof heldOutIn): Points =>
  rows.flatMap((row) => {
    const value = read(row)?.[metric]
    return value === undefined || Number.isNaN(value) ? [] : [{ step: row.step, value }]
  })

const panel = (title: string, points: { readonly training: Points; readonly heldOut: Points }): string => {
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
