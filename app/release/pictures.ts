/**
 * The pictures of the README and of docs/, as SVG in docs/pictures: `npm run pictures` draws them again.
 *
 *     figure-2   the human utility that losses imply (KTO paper, Figure 2), each with its verdict
 *     demo       what the demo has changed, from what it reported: results/demo.json is the `--json` of one `npm start`
 *     run        the curves of a run, which is repeated: DPO on the word order of Moby-Dick
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { series, verify } from '../../halos/index.ts'
import { writeAtomically } from '../../models/index.ts'
import type { DemoReport } from '../demo/demo.ts'
import { findLoss } from '../inputs/losses.ts'
import { gridOf } from '../plot.ts'
import { pictureOf } from '../run/picture.ts'
import { confidence, type Rate, rateOf } from '../terminal/statistics.ts'
import { wordOrder } from './word-order.ts'

export const pictures: Readonly<Record<string, () => Promise<string>>> = {
  'figure-2': () => figure2(),
  demo: async () => demoPicture(JSON.parse(await readFile(new URL('results/demo.json', import.meta.url), 'utf8'))),
  run: async () => pictureOf(await wordOrder()),
}

const [blue, red, grey] = ['#4269d0', '#d62728', '#999'] as const
const style = { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' } as const

/** The losses of Figure 2, with settings at which what refutes a loss is within the picture. */
const drawn: readonly (readonly [name: string, settings: Readonly<Record<string, number>>])[] = [
  ...[['kto', {}] as const, ['dpo', {}] as const, ['slic-calibration', {}] as const, ['prospect', {}] as const],
  ...[['ipo', { beta: 0.25 }] as const, ['cdpo', { epsilon: 0.2 }] as const],
]
const panel = { width: 300, height: 230, columns: 3 } as const

const figure2 = async (): Promise<string> => {
  const panels = drawn.map(async ([name, settings]) => {
    const loss = await findLoss(name, settings)
    const curve = series(loss, 'utility', { points: 201 })
    if (curve === undefined) throw new Error(`${name} is no function of a gain`)
    return utilityPanel(`${curve.name}: ${verify(loss).verdict}`, curve.points)
  })
  return gridOf(await Promise.all(panels), panel)
}

/** A curve on a scale of its own; losses more than three times as large as the largest gain are cut off. Where utility falls, it is shaded. */
const utilityPanel = (title: string, points: readonly (readonly [z: number, y: number])[]): string => {
  const { document } = parseHTML('<html></html>')
  const [highest, top] = points.reduce((best, point) => (point[1] > best[1] ? point : best))
  const lowest = Math.min(...points.map(([, y]) => y))
  const falls = points.at(-1)![1] < top
  const colour = falls ? red : blue
  return Plot.plot({
    document,
    style,
    ...{ width: panel.width, height: panel.height, marginTop: 46, marginLeft: 44, marginRight: 14 },
    x: { label: 'z, gain over the reference point', domain: [-5, 5] },
    y: { label: 'implied human utility', grid: true, domain: [Math.max(1.05 * lowest, -3 * top), 1.15 * top] },
    marks: [
      Plot.ruleY([0], { stroke: grey }),
      Plot.ruleX([0], { stroke: grey }),
      ...(falls ? [Plot.rectX([{ from: highest, to: 5 }], { x1: 'from', x2: 'to', fill: red, fillOpacity: 0.12 })] : []),
      Plot.line(points, { stroke: colour, strokeWidth: 2, clip: true }),
      Plot.text([title], { text: [title], fill: colour, frameAnchor: 'top', dy: -18, fontSize: 12, fontWeight: 'bold' }),
    ],
  }).outerHTML
}

/** Shares of answers, before and after, with their intervals; and how often after beats before. */
const demoPicture = ({ world, shares, winRate, kl }: DemoReport): string => {
  const { document } = parseHTML('<html></html>')
  const qualities = Object.keys(shares)
  const bars = qualities.flatMap((quality) =>
    (['before', 'after'] as const).map((when) => ({ quality, when, ...percent(shares[quality]![when]) })),
  )
  const { rate, low, high } = percent(winRate)
  const [title, subtitle] = [
    `${winRate.cases} answers to new questions, before and after KTO (demo, world ${world})`,
    `after beats before on ${rate.toFixed(0)} % of the questions (${confidence} interval ${low.toFixed(0)} to ${high.toFixed(0)} %), at a KL of ${kl.toFixed(1)} nats`,
  ]
  const plot = Plot.plot({
    document,
    style,
    ...{ width: 720, height: 110 + 50 * qualities.length, marginTop: 60, marginLeft: 60, marginRight: 90 },
    x: {
      label: `% of answers, with ${confidence} intervals`,
      grid: true,
      domain: [0, 10 * Math.ceil(Math.max(...bars.map((bar) => bar.high)) / 10)],
    },
    y: { label: null, domain: ['before', 'after'], tickSize: 0 },
    fy: { label: null, domain: qualities },
    color: { domain: ['before', 'after'], range: [grey, blue] },
    marks: [
      Plot.barX(bars, { fy: 'quality', y: 'when', x: 'rate', fill: 'when', fillOpacity: 0.75 }),
      Plot.ruleY(bars, { fy: 'quality', y: 'when', x1: 'low', x2: 'high', stroke: '#222', strokeWidth: 1.5 }),
      Plot.ruleX([0]),
      Plot.text([title], {
        text: [title],
        fy: qualities.slice(0, 1),
        frameAnchor: 'top-left',
        dx: -56,
        dy: -52,
        fontSize: 13,
        fontWeight: 'bold',
      }),
      Plot.text([subtitle], { text: [subtitle], fy: qualities.slice(0, 1), frameAnchor: 'top-left', dx: -56, dy: -34, fontSize: 12 }),
    ],
  })
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return plot.outerHTML
}
/** In percent. The interval is made anew: what was reported may have had another level. */
const percent = ({ rate: reported, cases }: Rate) => {
  const { rate, low, high } = rateOf(reported * cases, cases)
  return { rate: 100 * rate, low: 100 * low, high: 100 * high }
}

const draw = async (): Promise<void> => {
  const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))
  for (const [name, picture] of Object.entries(pictures)) await writeAtomically(`${folder}${name}.svg`, await picture())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await draw()
