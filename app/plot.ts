/** Curves as a picture: SVG, or PNG drawn from it. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Series } from '../halos/index.ts'

export interface Picture {
  readonly x: string
  readonly y: string
  /** One panel a series, rather than one panel for all. */
  readonly sideBySide: boolean
}

/** The curves, with their names. */
export const svgOf = (series: readonly Series[], { x, y, sideBySide }: Picture): string => {
  const { document } = parseHTML('<html></html>')
  const rows = series.flatMap(({ name, points }) => points.map(([z, value]) => ({ name, z, value })))
  const panel = sideBySide ? { fx: 'name' } : {}
  const legend = series.map(({ name }, i) =>
    Plot.text([name], {
      text: [name],
      fill: [name],
      frameAnchor: 'top-left',
      textAnchor: 'start',
      dx: 10,
      dy: 10 + 15 * i,
      fontWeight: 'bold',
    }),
  )
  const drawn = Plot.plot({
    document,
    width: sideBySide ? 200 * series.length + 60 : 720,
    height: sideBySide ? 260 : 440,
    marginTop: 36,
    style: { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' },
    x: { label: x },
    y: { label: y, grid: true },
    fx: { label: null, domain: series.map(({ name }) => name) },
    color: { domain: series.map(({ name }) => name), scheme: 'tableau10' },
    marks: [
      Plot.ruleY([0], { stroke: '#999' }),
      Plot.ruleX([0], { stroke: '#999' }),
      Plot.line(rows, { ...panel, x: 'z', y: 'value', stroke: 'name', strokeWidth: 2 }),
      ...(sideBySide ? [] : legend),
    ],
  })
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return drawn.outerHTML
}

export const pngOf = async (svg: string): Promise<Uint8Array> => {
  const { Resvg } = await import('@resvg/resvg-js')
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 } }).render().asPng()
}
