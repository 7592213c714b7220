/** The parts of a loss as controls: catalogue, reward, reference point, value function, sliders. */
import { html, nothing, type TemplateResult } from 'lit-html'
import { copyButton } from '../widgets.ts'
import { type CatalogueDraft, isReference, isReward, type PartsDraft, referenceNames, rewardNames, sliders } from './draft.ts'
import { changeParts, chooseLoss, type Declaring, declare, declaring, toggleDrawing, toParts } from './model.ts'

/** Value functions to begin with. */
const examples: readonly (readonly [label: string, text: string])[] = [
  ['σ(z)', 'sigmoid(z)'],
  ['log σ(z)', 'logsigmoid(z)'],
  ['z', 'z'],
  ['min(0, z − 1)', 'min(0, z - 1)'],
  ['−e^(−z)', '-exp(-z)'],
  ['−(z − 1)²', '-(z - 1)^2'],
  ['tanh', 'tanh(z)'],
  ['averse', 'min(2 z, log1p(max(0, z)))'],
]

const textOf = (event: Event): string =>
  event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement
    ? event.target.value
    : ''

export const controls = ({ draft, losses, values, rising, flaw }: Declaring): TemplateResult => html`
  <label class="field"><span>Start from</span>
    <select id="start" @change=${(e: Event) => chooseLoss(textOf(e))}>
      <option value="" ?selected=${draft.kind === 'parts'}>parts of your own</option>
      <optgroup label="the catalogue">${losses.map(({ key }) => html`<option value=${key} ?selected=${draft.kind === 'catalogue' && draft.loss === key}>${key}</option>`)}</optgroup>
    </select>
  </label>
  ${draft.kind === 'catalogue' ? settings(draft) : parts(draft, values !== undefined, rising, flaw?.at)}
  <p class="row link">${copyButton(location.href, 'Copy the link to this declaration', 'Copy the link')}</p>`

const settings = (draft: CatalogueDraft): TemplateResult => html`
  ${Object.entries(draft.settings).map(
    ([key, value]) => html`<label class="field inline"><span>${key}</span>
      <input type="number" step="any" .value=${String(value)} @input=${(e: Event) => declare({ ...draft, settings: { ...draft.settings, [key]: Number(textOf(e)) } })} />
    </label>`,
  )}
  <button type="button" @click=${toParts}>Take it apart</button>`

const parts = (draft: PartsDraft, drawing: boolean, rising: boolean, at: number | undefined): TemplateResult => html`
  <label class="field"><span>Name</span><input type="text" maxlength="60" .value=${draft.name} @input=${(e: Event) => changeParts({ name: textOf(e) })} /></label>
  <label class="field"><span>Reward r</span>
    <select @change=${(e: Event) => {
      const name = textOf(e)
      if (isReward(name)) changeParts({ reward: name })
    }}>${Object.entries(rewardNames).map(([key, label]) => html`<option value=${key} ?selected=${draft.reward === key}>${label}</option>`)}</select>
  </label>
  <label class="field"><span>compared with</span>
    <select @change=${(e: Event) => {
      const name = textOf(e)
      if (isReference(name)) changeParts({ reference: name })
    }}>${Object.entries(referenceNames).map(([key, label]) => html`<option value=${key} ?selected=${draft.reference === key}>${label}</option>`)}</select>
  </label>
  <label class="field"><span>Value v(z)</span>
    <textarea id="value" rows="3" spellcheck="false" autocomplete="off" aria-invalid=${at !== undefined} .value=${draft.value} @input=${(e: Event) => changeParts({ value: textOf(e) })}></textarea>
  </label>
  ${at === undefined ? nothing : html`<pre class="pointer" aria-hidden="true">${draft.value.slice(Math.max(0, at - 14), at)}<mark>${draft.value.slice(at, at + 1) || '∎'}</mark>${draft.value.slice(at + 1, at + 12)}</pre>`}
  <div class="chips" role="group" aria-label="value functions to begin with">
    ${examples.map(([label, text]) => html`<button type="button" class="chip" aria-pressed=${draft.value === text} @click=${() => changeParts({ value: text })}>${label}</button>`)}
  </div>
  <div class="row">
    <button type="button" aria-pressed=${drawing} @click=${toggleDrawing}>✎ ${drawing ? 'Done drawing' : 'Draw it'}</button>
    ${drawing ? html`<label class="check"><input type="checkbox" .checked=${rising} @change=${(e: Event) => e.target instanceof HTMLInputElement && declaring.set({ rising: e.target.checked })} /> only rising</label>` : nothing}
  </div>
  ${drawing ? html`<p class="note">Drag the points, or move them with the arrow keys. The drawing becomes the text above.</p>` : nothing}
  ${sliders.map(
    ({ key, label, title, min, max, step }) => html`<label class="slider" title=${title}><span>${label}</span>
      <input type="range" id=${key} min=${min} max=${max} step=${step} .value=${String(draft[key])} aria-label=${`${label}: ${title}`} @input=${(e: Event) => changeParts({ [key]: Number(textOf(e)) })} />
      <output>${Number(draft[key].toFixed(2))}</output></label>`,
  )}`
