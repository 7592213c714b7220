/** The third tab: a run is set up, watched, paused and gone on with; then the model before and after, side by side. */
import { html, nothing, type TemplateResult } from 'lit-html'
import { declaring } from '../declare/model.ts'
import { judging } from '../judge/model.ts'
import { plot, rangeOf } from '../plot.ts'
import { type AlignRun, aligning, describeOrder, type LossChoice, nameOfDraft, pause, resume, start, stop } from './model.ts'
import { results } from './results.ts'

const valueIn = ({ target }: Event): string =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement ? target.value : ''

export const alignView = (): TemplateResult => {
  const { runs } = aligning.get()
  const thumbs = judging.get().thumbs.length
  return html`<section aria-labelledby="align-title">
    <header class="intro">
      <h2 id="align-title">Let it learn</h2>
      <p>The model is trained here, in this tab, with the loss that you choose and the thumbs that you gave. Then it writes again, from words that it has never seen.</p>
    </header>
    <div class="columns">
      <div class="panel side">${settings(thumbs)}${machine()}</div>
      <div class="main">
        ${runs.length === 0 ? html`<div class="sample waiting"><p>${thumbs === 0 ? html`First give some thumbs: <a href="#judge">Judge</a>.` : 'Nothing has been trained yet.'}</p></div>` : nothing}
        ${runs.map(status)}
        ${runs.some(({ curve }) => curve.length > 0) ? curves(runs) : nothing}
      </div>
    </div>
    ${results()}
  </section>`
}

const options: readonly (readonly [LossChoice, () => string])[] = [
  ['kto', () => 'KTO: learns from each thumb'],
  ['dpo', () => 'DPO: learns from pairs of one prompt'],
  ['declared', () => `${nameOfDraft(declaring.get().draft)}: what you declared`],
]
const isChoice = (text: string): text is LossChoice => options.some(([key]) => key === text)

const settings = (thumbs: number): TemplateResult => {
  const { loss, beside, steps, rate, runs } = aligning.get()
  const [busy, paused] = [
    runs.some(({ state }) => state === 'running' || state === 'comparing'),
    runs.some(({ state }) => state === 'paused'),
  ]
  return html`
    <label class="field"><span>Loss</span><select id="loss" ?disabled=${busy} @change=${(e: Event) => {
      const chosen = valueIn(e)
      if (isChoice(chosen)) aligning.set({ loss: chosen })
    }}>${options.map(([key, label]) => html`<option value=${key} ?selected=${loss === key}>${label()}</option>`)}</select></label>
    <label class="field"><span>beside it, on the same thumbs</span><select id="beside" ?disabled=${busy} @change=${(e: Event) => {
      const chosen = valueIn(e)
      aligning.set({ beside: isChoice(chosen) ? chosen : 'none' })
    }}><option value="none">nothing</option>${options.filter(([key]) => key !== loss).map(([key, label]) => html`<option value=${key} ?selected=${beside === key}>${label()}</option>`)}</select></label>
    <label class="slider"><span>steps</span><input type="range" id="steps" min="10" max="300" step="10" .value=${String(steps)} ?disabled=${busy} @input=${(e: Event) => aligning.set({ steps: Number(valueIn(e)) })} /><output>${steps}</output></label>
    <label class="slider"><span>rate</span><input type="range" id="rate" min="-4" max="-2" step="0.1" .value=${String(rate)} ?disabled=${busy} aria-label="learning rate, as a power of ten" @input=${(e: Event) => aligning.set({ rate: Number(valueIn(e)) })} /><output>${(10 ** rate).toPrecision(2).replace('e-', 'e−')}</output></label>
    <p class="row">
      ${busy ? html`<button type="button" class="primary" @click=${pause}>Pause</button>` : nothing}
      ${paused ? html`<button type="button" class="primary" @click=${resume}>Go on</button>` : nothing}
      ${busy || paused ? nothing : html`<button type="button" class="primary" ?disabled=${thumbs === 0} @click=${start}>Train on ${thumbs} thumbs</button>`}
      ${runs.length > 0 ? html`<button type="button" class="quiet" @click=${stop}>${busy || paused ? 'Stop' : 'Forget'}</button>` : nothing}
    </p>`
}

/** What computes; and why not with more threads, if so. */
const machine = (): TemplateResult => {
  const { device, card } = aligning.get()
  const threads = crossOriginIsolated
    ? `WebAssembly, ${navigator.hardwareConcurrency} threads: the same bits everywhere`
    : 'WebAssembly, one thread: this host does not send the headers that let threads share memory'
  if (card === undefined) return html`<p class="note">Computed on ${threads}.</p>`
  return html`<label class="field"><span>Computed on</span><select id="device" @change=${(e: Event) => aligning.set({ device: valueIn(e) === 'webgpu' ? 'webgpu' : 'wasm' })}>
    <option value="wasm" ?selected=${device === 'wasm'}>${threads}</option><option value="webgpu" ?selected=${device === 'webgpu'}>WebGPU: ${card}</option></select></label>`
}

const words: { readonly [S in AlignRun['state']]: string } = {
  running: 'learning',
  paused: 'paused: it goes on where it was, also after a reload',
  comparing: 'writing before and after',
  done: 'done',
  failed: 'failed',
}
const status = ({ order, name, curve, state, comparing, failure }: AlignRun): TemplateResult => {
  const last = curve.at(-1)
  const done = state === 'comparing' ? (comparing ?? 0) : (last?.step ?? 0) / order.steps
  return html`<div class="run" data-run=${order.key} data-state=${state} data-step=${last?.step ?? 0}>
    <p><b>${name}</b> <span>${words[state]}${state === 'running' && last !== undefined ? `: step ${last.step} of ${order.steps}, ${Math.round(last.tokensPerSecond)} tokens/s` : ''}</span></p>
    <progress max="1" value=${done} aria-label=${`${name}: ${words[state]}`}></progress>
    ${failure === undefined ? nothing : html`<p class="flaw" role="alert">${failure}</p>`}
    <p class="note">${describeOrder(order)}</p>
  </div>`
}

const charts: readonly { readonly title: string; readonly lines: readonly (readonly [metric: string, tone: string, label: string])[] }[] = [
  { title: 'loss', lines: [['loss', 'own', 'loss']] },
  {
    title: 'rewards',
    lines: [
      ['rewards/chosen', 'good', 'liked'],
      ['rewards/rejected', 'bad', 'disliked'],
    ],
  },
  {
    title: 'distance from the model before',
    lines: [
      ['kl', 'own', 'KL, nats'],
      ['z0', 'other', 'z₀'],
    ],
  },
  { title: 'saturated share', lines: [['saturated', 'own', 'of the examples']] },
]

const curves = (runs: readonly AlignRun[]): TemplateResult => {
  const steps = Math.max(...runs.map(({ order }) => order.steps))
  return html`<div class="pair flat">${charts.map(({ title, lines }) => {
    const drawn = runs.flatMap(({ curve, name }, i) =>
      lines.flatMap(([metric, tone, label]) => {
        const points = curve.flatMap(({ step, metrics }) => (metrics[metric] === undefined ? [] : [[step, metrics[metric]] as const]))
        return points.length === 0
          ? []
          : [{ points, tone: i === 0 ? tone : `${tone} second`, label: runs.length > 1 ? `${name}: ${label}` : label }]
      }),
    )
    if (drawn.length === 0) return nothing
    return html`<div><h3>${title}</h3>${plot({
      title,
      x: [0, steps],
      y:
        title === 'saturated share'
          ? [-0.05, 1.05]
          : rangeOf(
              drawn.map(({ points }) => points),
              0,
            ),
      xLabel: 'step',
      width: 420,
      height: 220,
      lines: drawn,
    })}</div>`
  })}</div>`
}
