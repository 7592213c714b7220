/** The second tab: answers appear one by one, and get a thumb by click or key; or a rule gives them. */
import { html, nothing, type TemplateResult } from 'lit-html'
import { weigh } from '../../../models/index.ts'
import { saveFile } from '../picture.ts'
import { thumb } from '../widgets.ts'
import { changeRule, current, judge, judging, letRuleJudge, startOver, undo } from './model.ts'

/** Keys of this tab, where the focus is not in a field. */
export const judgeKeys = ({ key }: KeyboardEvent): boolean => {
  const act = new Map([
    ['ArrowRight', () => judge(true)],
    ['ArrowLeft', () => judge(false)],
    ['ArrowDown', () => judge(undefined)],
    ['Backspace', undo],
  ]).get(key)
  act?.()
  return act !== undefined
}

export const judgeView = (): TemplateResult => {
  const { failure } = judging.get()
  return html`<section aria-labelledby="judge-title">
    <header class="intro">
      <h2 id="judge-title">Which answers do you like?</h2>
      <p>A small model, which has read <i>Moby-Dick</i> and nothing else, goes on from a few words. Say what you like; the next step makes it write more
        of that.</p>
    </header>
    ${failure === undefined ? nothing : html`<p class="flaw" role="alert">${failure}</p>`}
    <div class="columns wide-first">
      <div>${card()}</div>
      <div class="panel">${counts()}${rules()}</div>
    </div>
  </section>`
}

const card = (): TemplateResult => {
  const [sample, { passed }] = [current(), judging.get()]
  if (sample === undefined) return html`<div class="sample waiting" aria-busy="true"><p>The model is writing …</p></div>`
  return html`<article class="sample" aria-live="polite" data-sample=${sample.id}>
      <p class="prompt">${sample.promptText.trim()} …</p>
      <p class="answer">${sample.text.trim()}</p>
    </article>
    <div class="thumbs">
      <button type="button" class="thumb bad" @click=${() => judge(false)}>${thumb(false)} I don’t <kbd>←</kbd></button>
      <button type="button" class="quiet" @click=${() => judge(undefined)}>skip <kbd>↓</kbd></button>
      <button type="button" class="quiet" ?disabled=${passed.length === 0} @click=${undo}>undo <kbd>⌫</kbd></button>
      <button type="button" class="thumb good" @click=${() => judge(true)}>${thumb(true)} I like it <kbd>→</kbd></button>
    </div>`
}

/** The λ rule of the KTO paper (§4.2), as a sentence. */
export const balance = (desirable: number, undesirable: number): string => {
  if (desirable === 0 || undesirable === 0) return 'KTO needs both kinds.'
  const { ratio, better } = weigh({ desirable, undesirable })
  if (better === undefined) return `λ_D n_D : λ_U n_U is ${ratio.toFixed(2)}, between 1 and 4/3: no weights are needed.`
  return `λ_D n_D : λ_U n_U would be ${ratio.toFixed(2)}; the paper wants 1 to 4/3, so λ_D = ${better.desirable.toFixed(2)} and λ_U = ${better.undesirable.toFixed(2)} are taken.`
}

const counts = (): TemplateResult => {
  const { thumbs } = judging.get()
  const up = thumbs.filter(({ label }) => label).length
  const down = thumbs.length - up
  return html`<div class="tally" role="status">
      <span class="good"><b>${up}</b> liked</span><span class="bad"><b>${down}</b> disliked</span>
    </div>
    <div class="meter" aria-hidden="true"><i class="good" style="flex:${up}"></i><i class="bad" style="flex:${down}"></i></div>
    <p class="note">${thumbs.length < 20 ? `Twenty are enough to see something: ${20 - thumbs.length} to go.` : balance(up, down)}</p>
    <p class="row"><a class="button primary" href="#align">Align the model →</a>
      ${thumbs.length === 0 ? nothing : html`<button type="button" class="quiet" @click=${save}>Save as JSONL</button><button type="button" class="quiet" @click=${startOver}>Start over</button>`}</p>`
}

/** The thumbs as a data file that `halograd align --data` takes. */
const save = (): void => {
  const rows = judging.get().thumbs.map(({ promptText, text, label }) => JSON.stringify({ prompt: promptText, completion: text, label }))
  saveFile('thumbs.jsonl', new Blob([`${rows.join('\n')}\n`], { type: 'application/jsonl' }))
}

const textIn = ({ target }: Event): string => (target instanceof HTMLInputElement ? target.value : '')

const rules = (): TemplateResult => {
  const { rule, working } = judging.get()
  const choice = (kind: 'afinn' | 'words', label: string) =>
    html`<label class="check"><input type="radio" name="rule" .checked=${rule.kind === kind} @change=${() => changeRule({ kind })} /> ${label}</label>`
  return html`<fieldset class="rules">
    <legend>Or let a rule judge</legend>
    ${choice('afinn', 'whatever sounds cheerful (the AFINN lexicon)')} ${choice('words', 'words of your own')}
    ${
      rule.kind === 'afinn'
        ? nothing
        : html`<label class="field"><span>liked</span><input type="text" .value=${rule.liked} @input=${(e: Event) => changeRule({ liked: textIn(e) })} /></label>
          <label class="field"><span>disliked</span><input type="text" .value=${rule.disliked} @input=${(e: Event) => changeRule({ disliked: textIn(e) })} /></label>`
    }
    <button type="button" ?disabled=${working} @click=${() => letRuleJudge(1024)}>${working ? 'The model is writing …' : 'Judge 1,024 answers'}</button>
    <p class="note">The rule also decides, in the next step, which of two answers is better. AFINN-111: F. Å. Nielsen, 2011, ODbL 1.0.</p>
  </fieldset>`
}
