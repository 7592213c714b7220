/**
 * Curves as SVG: axes, lines, marks, and handles that pointer and arrow keys move. Colours come from the style sheet by class, so that a plot is right
 * in the light and in the dark.
 */
import { html, nothing, svg, type TemplateResult } from 'lit-html'
import type { CurvePoints } from './declare/judgement.ts'
import { savePicture } from './picture.ts'

export interface PlotLine {
  readonly points: CurvePoints
  /** The class of the line: `own`, `other`, `desirable`, … */
  readonly tone: string
  readonly label?: string
}
/** A point that can be moved, as a slider is. */
export interface PlotHandle {
  readonly x: number
  readonly y: number
  readonly label: string
  /** Told where it is moved to. */
  readonly onMove: (x: number, y: number) => void
  /** What the arrow keys move it by; the other axis stays. */
  readonly step: { readonly x?: number; readonly y?: number }
  readonly tone: string
}
export interface PlotContent {
  /** What the picture shows, for who does not see it and for the file's name. */
  readonly title: string
  readonly x: readonly [from: number, to: number]
  readonly y: readonly [from: number, to: number]
  readonly xLabel?: string
  readonly lines: readonly PlotLine[]
  readonly dots?: readonly { readonly x: number; readonly y: number; readonly label: string }[]
  readonly handles?: readonly PlotHandle[]
  readonly width?: number
  readonly height?: number
}

const margin = { top: 14, right: 14, bottom: 40, left: 46 } as const

/** From data to the picture's coordinates, and back. */
const scale = ([from, to]: readonly [number, number], [start, end]: readonly [number, number]) => ({
  at: (x: number): number => start + ((x - from) / (to - from)) * (end - start),
  of: (p: number): number => from + ((p - start) / (end - start)) * (to - from),
})

/** Round numbers in a range: about `count` of them. */
export const ticks = ([from, to]: readonly [number, number], count = 6): readonly number[] => {
  const rough = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((n) => n * power >= rough) ?? 10) * power
  const first = Math.ceil(from / step - 1e-9)
  return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)))
}

/** A range that holds curves, with room, but for the share of their values that is most extreme on either side. */
export const rangeOf = (curves: readonly CurvePoints[], left = 0.05): readonly [number, number] => {
  const ys = curves.flatMap((points) => points.flatMap(([, y]) => (Number.isFinite(y) ? y : []))).sort((a, b) => a - b)
  const [low = -1, high = 1] = [ys[Math.floor(ys.length * left)], ys[Math.ceil(ys.length * (1 - left)) - 1]]
  const room = (high > low ? high - low : Math.max(1, Math.abs(high))) * 0.25
  return [Math.max(low - room, (ys[0] ?? low) - room / 3), Math.min(high + room, (ys.at(-1) ?? high) + room / 3)]
}

const path = (points: CurvePoints, x: (x: number) => number, y: (y: number) => number): string =>
  points
    .map(([a, b], i) => {
      if (!Number.isFinite(b)) return ''
      const pen = i === 0 || !Number.isFinite(points[i - 1]?.[1] ?? Number.NaN) ? 'M' : 'L'
      return `${pen}${x(a).toFixed(1)},${Math.max(-2000, Math.min(2000, y(b))).toFixed(1)}`
    })
    .join('')

let clips = 0

export const plot = (options: PlotContent): TemplateResult => {
  const { title, width = 640, height = 320, lines, dots = [], handles = [], xLabel } = options
  const x = scale(options.x, [margin.left, width - margin.right])
  const y = scale(options.y, [height - margin.bottom, margin.top])
  const clip = `clip-${++clips}`
  const [x0, y0] = [x.at(Math.min(Math.max(0, options.x[0]), options.x[1])), y.at(Math.min(Math.max(0, options.y[0]), options.y[1]))]
  return html`<figure class="plot">
    <svg viewBox="0 0 ${width} ${height}" role="group" aria-label=${title} tabindex="-1">
      <defs><clipPath id=${clip}><rect x=${margin.left} y=${margin.top} width=${width - margin.left - margin.right} height=${height - margin.top - margin.bottom} /></clipPath></defs>
      <g class="grid" aria-hidden="true">
        ${ticks(options.y, Math.round(height / 60)).map(
          (t) =>
            svg`<line x1=${margin.left} x2=${width - margin.right} y1=${y.at(t)} y2=${y.at(t)} /><text x=${margin.left - 8} y=${y.at(t) + 4} text-anchor="end">${minus(t)}</text>`,
        )}
        ${ticks(options.x, width / 80).map((t) => svg`<text x=${x.at(t)} y=${height - margin.bottom + 18} text-anchor="middle">${minus(t)}</text>`)}
      </g>
      <g class="axes" aria-hidden="true">
        <line x1=${x0} x2=${x0} y1=${margin.top} y2=${height - margin.bottom} />
        <line x1=${margin.left} x2=${width - margin.right} y1=${y0} y2=${y0} />
        ${xLabel === undefined ? nothing : svg`<text class="label" x=${width - margin.right} y=${height - 3} text-anchor="end">${xLabel}</text>`}
      </g>
      <g clip-path="url(#${clip})">${lines.map(({ points, tone }) => svg`<path class="line ${tone}" d=${path(points, x.at, y.at)} />`)}</g>
      ${handles.filter(({ y }) => Number.isFinite(y)).map((handle) => grip(handle, options, x, y))}
      ${dots.map(({ x: a, y: b, label }) => svg`<g class="witness"><title>${label}</title><circle cx=${x.at(a)} cy=${y.at(b)} r="6" /></g>`)}
    </svg>
    <figcaption>
      <span class="legend">${lines.filter(({ label }) => label !== undefined).map(({ tone, label }) => html`<span><i class=${tone}></i>${label}</span>`)}</span>
      <span class="save"><button type="button" class="quiet" aria-label="Save “${title}” as SVG" @click=${(e: Event) => savePicture(e, title, 'svg')}>SVG</button><button type="button" class="quiet" aria-label="Save “${title}” as PNG" @click=${(e: Event) => savePicture(e, title, 'png')}>PNG</button></span>
    </figcaption>
  </figure>`
}

type PlotScale = ReturnType<typeof scale>

const grip = (handle: PlotHandle, { x: xs, y: ys }: PlotContent, x: PlotScale, y: PlotScale) => {
  const { label, onMove, step, tone } = handle
  const vertical = step.y !== undefined
  const within = ([from, to]: readonly [number, number], value: number): number => Math.min(to, Math.max(from, value))
  const move = (toX: number, toY: number): void => onMove(within(xs, toX), within(ys, toY))
  const onPointer = (event: PointerEvent): void => {
    const target = event.currentTarget as SVGGElement // the listener is on the handle
    if (event.type === 'pointerdown') {
      target.setPointerCapture(event.pointerId)
      target.focus()
    } else if (!target.hasPointerCapture(event.pointerId)) return
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(target.ownerSVGElement?.getScreenCTM()?.inverse())
    move(x.of(place.x), y.of(place.y))
    event.preventDefault()
  }
  const onKey = (event: KeyboardEvent): void => {
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 8, PageDown: -8 }[event.key]
    if (by === undefined) return
    move(handle.x + by * (step.x ?? 0), handle.y + by * (step.y ?? 0))
    event.preventDefault()
  }
  const [value, low, high] = vertical ? [handle.y, ...ys] : [handle.x, ...xs]
  return svg`<g class="handle ${tone}" tabindex="0" role="slider" aria-label=${label} aria-orientation=${vertical ? 'vertical' : 'horizontal'}
    aria-valuenow=${Number(value.toPrecision(4))} aria-valuemin=${Number(low.toPrecision(4))} aria-valuemax=${Number(high.toPrecision(4))}
    @pointerdown=${onPointer} @pointermove=${onPointer} @keydown=${onKey}>
    <circle class="reach" cx=${x.at(handle.x)} cy=${y.at(within(ys, handle.y))} r="18" /><circle class="knob" cx=${x.at(handle.x)} cy=${y.at(within(ys, handle.y))} r="7" /></g>`
}

/** With a minus sign, not a hyphen. */
export const minus = (n: number): string => String(n).replace('-', '−')
