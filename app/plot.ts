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
  // Of curves that coincide, one is seen between the dashes of the other.
  const dashes = (i: number) => (i % 2 === 0 || sideBySide ? {} : { strokeDasharray: '8 5' })
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
    y: { label: y, grid: true, domain: shown(series), nice: true },
    fx: { label: null, domain: series.map(({ name }) => name) },
    color: { domain: series.map(({ name }) => name), scheme: 'tableau10' },
    marks: [
      Plot.ruleY([0], { stroke: '#999' }),
      Plot.ruleX([0], { stroke: '#999' }),
      ...series.map(({ name }, i) =>
        Plot.line(
          rows.filter((row) => row.name === name),
          { ...panel, x: 'z', y: 'value', stroke: 'name', strokeWidth: 2, clip: true, ...dashes(i) },
        ),
      ),
      ...(sideBySide ? [] : legend),
    ],
  })
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return drawn.outerHTML
}

/** A picture of pictures: each as wide and high as the others, row by row. */
export const gridOf = (panels: readonly string[], { width, height, columns }: Grid): string => {
  const placed = panels.map((svg, i) => svg.replace('<svg', `<svg x="${(i % columns) * width}" y="${Math.floor(i / columns) * height}"`))
  const [w, h] = [Math.min(columns, panels.length) * width, Math.ceil(panels.length / columns) * height]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"><rect width="100%" height="100%" fill="white"/>${placed.join('')}</svg>`
}
interface Grid {
  /** Of a panel, in pixels. */
  readonly width: number
  readonly height: number
  readonly columns: number
}

/** What the values are between; a spike that a hundredth of a curve does not reach (an infinite slope, guarded) is cut off. */
const shown = (series: readonly Series[]): readonly [low: number, high: number] => {
  const ends = series.map(({ points }): readonly [low: number, high: number] => {
    const sorted = points.flatMap(([, y]) => (Number.isFinite(y) ? y : [])).sort((a, b) => a - b)
    const [low = 0, most = 0, high = 0] = [0, 0.99, 1].map((share) => sorted[Math.floor(share * (sorted.length - 1))])
    return [low, high - low > 2 * (most - low) ? most : high]
  })
  return [Math.min(0, ...ends.map(([low]) => low)), Math.max(0, ...ends.map(([, high]) => high))]
}

export const pngOf = async (svg: string): Promise<Uint8Array> => {
  const { Resvg } = await import('@resvg/resvg-js')
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 } }).render().asPng()
}
