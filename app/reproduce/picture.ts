/** The first table of an experiment as a picture: a dot a row, its 95 % interval, and a small dot a seed. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { confidence, meanOf } from '../terminal/statistics.ts'
import { figures } from './experiment.ts'
import { names, type ReproductionReport } from './report.ts'

export const picture = ({ title, tables }: ReproductionReport): string => {
  const { document } = parseHTML('<html></html>')
  const { rows, columns } = tables[0]!
  const drawn = columns[0]!
  const groups = [...new Set(rows.map(({ group }) => group))]
  const labelled = rows.map((row) => ({ ...row, label: row.group === row.name ? row.name : `${row.group} · ${row.name}` }))
  const means = labelled.map((row) => {
    const { mean, low, high } = meanOf(figures(row, drawn))
    return { ...row, mean, low: Number.isFinite(low) ? low : mean, high: Number.isFinite(high) ? high : mean }
  })
  const seeds = labelled.flatMap((row) => figures(row, drawn).map((x) => ({ ...row, x })))
  const plot = Plot.plot({
    document,
    width: 820,
    height: 96 + 26 * rows.length,
    marginTop: 40,
    marginBottom: 44,
    marginLeft: 310,
    style: { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' },
    x: {
      label: `${names[drawn]}: mean and ${confidence} interval over seeds, and each seed`,
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      nice: true,
    },
    y: { label: null, domain: labelled.map(({ label }) => label), tickSize: 0 },
    color: { domain: groups, scheme: 'tableau10' },
    marks: [
      Plot.text([title], { text: [title], frameAnchor: 'top-left', dx: -300, dy: -28, fontSize: 13, fontWeight: 'bold' }),
      Plot.ruleY(means, { y: 'label', x1: 'low', x2: 'high', stroke: 'group', strokeWidth: 2 }),
      Plot.dot(means, { y: 'label', x: 'mean', fill: 'group', r: 5 }),
      Plot.dot(seeds, { y: 'label', x: 'x', stroke: '#222', strokeOpacity: 0.5, r: 2 }),
    ],
  })
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return plot.outerHTML
}
