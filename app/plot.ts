/** Curves as a picture: SVG, or PNG drawn from it. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Series } from '../halos/index.ts'

export interface Picture {
  readonly title: string
  readonly x: string
  readonly y: string
  /** One panel a series, rather than one panel for all. */
  readonly sideBySide: boolean
}

/** The curves, with their names. */
export const svgOf = (series: readonly Series[], { title, x, y, sideBySide }: Picture): string => {
  const { document } = parseHTML('<html></html>')
  const rows = series.flatMap(({ name, points }) => points.map(([z, value]) => ({ name, z, value })))
  // Of curves that coincide, one is seen between the dashes of the other.
  const dashes = (i: number): { readonly strokeDasharray?: string } => (i % 2 === 0 || sideBySide ? {} : { strokeDasharray: '8 5' })
  const panel = sideBySide ? { fx: 'name' } : {}
  const colour = (i: number): string => tableau[i % tableau.length]!
  const legend = series.map(({ name }, i) => legendLine(name, colour(i), dashes(i).strokeDasharray))
  const drawn = Plot.plot({
    document,
    width: sideBySide ? 200 * series.length + 60 : 720,
    height: sideBySide ? 260 : 440,
    marginTop: 36,
    style: { background: 'white', color: '#222', fontFamily: 'DejaVu Sans, sans-serif' },
    x: { label: x },
    y: { label: y, grid: true, domain: sideBySide ? shown(series) : narrowed(series), nice: true },
    fx: { label: null, domain: series.map(({ name }) => name) },
    color: { domain: series.map(({ name }) => name), range: series.map((_, i) => colour(i)) },
    marks: [
      Plot.ruleY([0], { stroke: '#999' }),
      Plot.ruleX([0], { stroke: '#999' }),
      ...series.map(({ name }, i) =>
        Plot.line(
          rows.filter((row) => row.name === name),
          { ...panel, x: 'z', y: 'value', stroke: 'name', strokeWidth: 2, clip: true, ...dashes(i) },
        ),
      ),
    ],
  })
  const size = sideBySide ? { width: 200 * series.length + 60, height: 260 } : { width: 720, height: 440 }
  return gridOf([drawn.outerHTML], { ...size, columns: 1, title, ...(!sideBySide && { legend }) })
}
const tableau = ['#4e79a7', '#f28e2c', '#e15759', '#76b7b2', '#59a14f', '#edc949', '#af7aa1', '#ff9da7', '#9c755f', '#bab0ab'] as const

/** A picture of pictures: each as wide and high as the others, row by row; above them a title and a legend, a line each. */
export const gridOf = (panels: readonly string[], { width, height, columns, title, legend = [] }: Grid): string => {
  const lines = [...(title === undefined ? [] : [`<text font-weight="bold" font-size="13">${escaped(title)}</text>`]), ...legend]
  const top = lines.length === 0 ? 0 : 12 + lineHeight * lines.length
  const head = lines.map((line, i) => `<g transform="translate(16,${lineHeight * (i + 1)})">${line}</g>`).join('')
  const placed = panels.map((svg, i) =>
    svg.replace('<svg', `<svg x="${(i % columns) * width}" y="${top + Math.floor(i / columns) * height}"`),
  )
  const [w, h] = [Math.min(columns, panels.length) * width, top + Math.ceil(panels.length / columns) * height]
  const above = head === '' ? '' : `<g font-family="DejaVu Sans, sans-serif" font-size="12" fill="#222">${head}</g>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"><rect width="100%" height="100%" fill="white"/>${above}${placed.join('')}</svg>`
}
const lineHeight = 18

/** A piece of a curve as it is drawn, and its name. */
export const legendLine = (name: string, colour: string, dashes?: string): string =>
  `<line x1="0" x2="28" y1="-4" y2="-4" stroke="${colour}" stroke-width="2"${dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`}/><text x="36" fill="${colour}">${escaped(name)}</text>`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * The range of several curves in one panel. A curve that spans more than eight times as much as all others together does not flatten them: of it, twice
 * their span is shown.
 */
export const commonDomain = (curves: readonly (readonly number[])[]): [low: number, high: number] => {
  const ends = curves.flatMap((values) => {
    const finite = values.filter(Number.isFinite)
    return finite.length === 0 ? [] : [[Math.min(...finite), Math.max(...finite)] as const]
  })
  const span = (some: typeof ends): readonly [low: number, high: number] => [
    Math.min(...some.map(([low]) => low)),
    Math.max(...some.map(([, high]) => high)),
  ]
  if (ends.length === 0) return [0, 1]
  const [low, high] = span(ends)
  for (const [i] of ends.entries()) {
    const others = ends.filter((_, k) => k !== i)
    if (others.length === 0) break
    const [least, most] = span(others)
    if (most > least && high - low > 8 * (most - least))
      return [Math.max(low, most - 2 * (most - least)), Math.min(high, least + 2 * (most - least))]
  }
  return low === high ? [low - 0.5, high + 0.5] : [low, high]
}
interface Grid {
  /** Of a panel, in pixels. */
  readonly width: number
  readonly height: number
  readonly columns: number
  readonly title?: string
  /** Lines of `legendLine`. */
  readonly legend?: readonly string[]
}

/** The same where no curve is to flatten the others. */
const narrowed = (series: readonly Series[]): readonly [low: number, high: number] => {
  const [low, high] = shown(series)
  const [least, most] = commonDomain(series.map((one) => shown([one])))
  return [Math.max(low, Math.min(0, least)), Math.min(high, Math.max(0, most))]
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
