/** The first tab: the parts of a loss, its curves, its verdict condition by condition, and the file to take away. */
import { html, nothing, type TemplateResult } from 'lit-html'
import { minus, type PlotHandle, plot, rangeOf } from '../plot.ts'
import { copyButton, formula } from '../widgets.ts'
import { controls } from './controls.ts'
import { places } from './drawing.ts'
import type { CurvePoints, DraftVerdict, Sketch } from './judgement.ts'
import { type Declaring, declaring, drag } from './model.ts'
import { wrongParts } from './wrong.ts'

export const declareView = (): TemplateResult => {
  const state = declaring.get()
  const { sketch, verdict, flaw } = state
  return html`<section class="declare" aria-labelledby="declare-title">
    <header class="intro">
      <h2 id="declare-title">Is it a human-aware loss?</h2>
      <p>Write down how gains and losses are felt, or draw it. halograd proves that your loss is one, or shows the point where it is not.</p>
    </header>
    <div class="columns">
      <div class="panel side">${controls(state)}</div>
      <div class="main">
        ${verdictCard(state)}
        ${flaw === undefined ? nothing : html`<p class="flaw" role="alert">${flaw.flaw}</p>`}
        ${sketch === undefined ? nothing : curves(state, sketch)}
      </div>
    </div>
    ${sketch === undefined ? nothing : below(sketch, verdict)}
  </section>`
}

const kindOf = (verdict: string): 'good' | 'bad' | 'open' =>
  verdict.startsWith('HALO') ? 'good' : verdict === 'not a HALO' ? 'bad' : 'open'
const signs = { good: '✓', bad: '✗', open: '?' } as const

const verdictCard = ({ verdict, stale, sketch, flaw }: Declaring): TemplateResult => {
  if (verdict === undefined || flaw !== undefined)
    return html`<div class="verdict open" aria-busy=${stale}><span class="sign">${flaw === undefined ? '…' : '!'}</span><div><strong>${flaw === undefined ? 'Proving …' : 'Nothing to judge yet'}</strong></div></div>`
  const kind = kindOf(verdict.verdict)
  const failing = verdict.conditions.find(({ tag }) => tag === 'refuted' || tag === 'open' || tag === 'degenerate')
  return html`<div class="verdict ${kind} ${stale ? 'stale' : ''}" role="status" data-verdict=${verdict.verdict} data-stale=${stale}>
    <span class="sign" aria-hidden="true">${signs[kind]}</span>
    <div>
      <strong>${sketch?.name ?? ''}: ${verdict.verdict}</strong>
      <span>${failing === undefined ? `every condition of the definition holds: ${verdict.conditions.length} of ${verdict.conditions.length}` : `${failing.name}: ${failing.text}`}</span>
    </div>
  </div>`
}

const near = (points: CurvePoints, x: number): number =>
  points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best), points[0] ?? [0, 0])[1]

const range: readonly [number, number] = [-5, 5]
const curves = (state: Declaring, { value, pull, utility, human }: Sketch): TemplateResult => {
  const { verdict, probe, values, stale } = state
  if (value === undefined)
    return html`<p class="note">This loss is not a function of one gain z, so there is no curve to draw. Its formula and its verdict are below.</p>`
  const refuted = verdict?.verdict === 'not a HALO' && !stale
  const slope = (near(value, probe + 0.05) - near(value, probe - 0.05)) / 0.1
  const own: PlotHandle = {
    ...{ x: probe, y: near(value, probe), tone: 'own', step: { x: 0.1 } },
    label: `gain z at which the slope is read: v′ = ${slope.toPrecision(2)}`,
    onMove: (x) => declaring.set({ probe: x }),
  }
  const drawn = values?.map((y, i): PlotHandle => {
    const x = places[i] ?? 0
    return { x, y, tone: 'drawn', step: { y: 0.0625 }, label: `v at z = ${minus(x)}`, onMove: (_, to) => drag(i, to) }
  })
  const shown = value.filter(([z]) => Math.abs(z) <= 5)
  const y = values === undefined ? rangeOf([shown]) : ([Math.min(-3, ...values) - 0.5, Math.max(3, ...values) + 0.5] as const)
  return html`
    <h3 class="visually-hidden">The value function</h3>
    ${plot({
      ...{ title: 'value function v(z)', x: range, y, xLabel: 'z: gain over the reference point', height: 340 },
      lines: [
        { points: value, tone: 'own', label: 'v(z)' },
        ...(refuted ? [{ points: wrongParts(shown), tone: 'wrong', label: 'where it is not one' }] : []),
      ],
      dots: refuted ? verdict.witness.filter(([z]) => Math.abs(z) <= 5).map(([x, y]) => ({ x, y, label: `witness at z = ${x}` })) : [],
      handles: drawn ?? [own],
    })}
    <div class="pair">
      ${pull === undefined ? nothing : html`<div>${pulls(pull, probe)}</div>`}
      ${utility === undefined ? nothing : html`<div>${humans(utility, human)}</div>`}
    </div>`
}

const half = { width: 420, height: 260 } as const
const humans = (utility: CurvePoints, human: CurvePoints): TemplateResult => {
  const shown = [utility, human].map((points) => points.filter(([z]) => Math.abs(z) <= 5))
  return html`<h3>The human that it implies</h3>
    <p class="note">What somebody must feel about gains and losses for this loss to be their utility, beside Kahneman and Tversky’s median human
      (α = 0.88, λ = 2.25; scaled to agree at a gain of 3).</p>
    ${plot({
      ...{ title: 'implied human utility', x: range, y: rangeOf(shown), xLabel: 'z', ...half },
      lines: [
        { points: human, tone: 'other', label: 'Kahneman and Tversky' },
        { points: utility, tone: 'own', label: 'this loss' },
      ],
    })}`
}

/** The gradient at a point that one drags along: it dies where a completion is hopeless, or good enough (Proposition 4.1). */
const pulls = ({ desirable, undesirable }: NonNullable<Sketch['pull']>, probe: number): TemplateResult => {
  const both = [desirable, undesirable].map((points) => points.filter(([z]) => Math.abs(z) <= 5))
  const peak = Math.max(...both.flat().map(([, y]) => (Number.isFinite(y) ? y : 0)))
  const [up, down] = [near(desirable, probe), near(undesirable, probe)]
  const share = (y: number): string => `${peak > 0 ? Math.round((100 * y) / peak) : 0} %`
  return html`<h3>How hard it pulls</h3>
    <p class="note">A liked completion with r − z₀ = ${minus(Number(probe.toFixed(1)))} is pulled with <b>${share(up)}</b> of the greatest force, a disliked one with <b>${share(down)}</b>. Where the
      curve is flat, nothing is learnt any more: what is hopeless, and what is already good enough (Proposition 4.1).</p>
    ${plot({
      ...{ title: 'gradient of the loss', x: range, y: [-0.04 * peak, 1.15 * (peak || 1)], ...half, xLabel: 'r − z₀' },
      lines: [
        { points: desirable, tone: 'good', label: 'liked' },
        { points: undesirable, tone: 'bad', label: 'disliked' },
      ],
      handles: [
        {
          ...{ x: probe, y: up, tone: 'good', step: { x: 0.1 }, label: `r − z₀: a liked completion is pulled with ${share(up)}` },
          onMove: (x) => declaring.set({ probe: x }),
        },
      ],
    })}`
}

const tags: Readonly<Record<string, readonly [sign: string, kind: string]>> = {
  proved: ['✓', 'good'],
  'proved on a segment': ['✓', 'open'],
  'by construction': ['✓', 'good'],
  tested: ['✓', 'good'],
  refuted: ['✗', 'bad'],
  degenerate: ['=', 'open'],
  open: ['?', 'open'],
}

const below = (sketch: Sketch, verdict: DraftVerdict | undefined): TemplateResult => html`
  <div class="columns even">
    <div class="panel">
      <h3>Condition by condition</h3>
      <ul class="conditions">${(verdict?.conditions ?? []).map(({ name, tag, text }) => {
        const [sign, kind] = Object.hasOwn(tags, tag) ? (tags[tag] ?? ['?', 'open']) : ['?', 'open']
        return html`<li class=${kind}><span class="sign" aria-hidden="true">${sign}</span><div><b>${name}</b><span>${text}</span></div></li>`
      })}</ul>
      ${(verdict?.profile ?? []).map((line) => html`<p class="note">${line}</p>`)}
    </div>
    <div class="panel">
      <h3>The formula</h3>
      ${formula(sketch.latex)}
      <h3>The file</h3>
      <p class="note">Save it as <code>mine.ts</code>; then <code>npx halograd verify --file ./mine.ts</code> says the same, and <code>align --halo ./mine.ts</code> trains with it.</p>
      <div class="code"><pre tabindex="0" aria-label="TypeScript">${sketch.file}</pre>${copyButton(sketch.file, 'Copy the TypeScript')}</div>
    </div>
  </div>`
