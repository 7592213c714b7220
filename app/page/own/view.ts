/** The tab of one's own model: drop a directory, talk, give thumbs, align, and take the result away. */
import { html, nothing, type TemplateResult } from 'lit-html'
import { declaring } from '../declare/model.ts'
import { thumb } from '../widgets.ts'
import type { ModelSize } from './chatter.ts'
import { alignOwn, ask, download, fetchModel, giveUp, judgeAnswer, judged, open, owning, saveThumbs } from './model.ts'

export const ownView = (): TemplateResult => {
  const { failure, working, size } = owning.get()
  return html`<section aria-labelledby="own-title">
    <header class="intro">
      <h2 id="own-title">Your own model</h2>
      <p>Give it a Hugging Face directory of a family that halograd knows. It is read here, talks here and learns here; it is sent nowhere.</p>
    </header>
    ${failure === undefined ? nothing : html`<p class="flaw" role="alert">${failure}</p>`}
    <div class="columns">
      <div class="panel side">${chooser()}${size === undefined ? nothing : facts(size)}${size === undefined ? nothing : learning()}</div>
      <div class="main">${size === undefined ? html`<div class="sample waiting"><p>${working ?? 'No model yet.'}</p></div>` : conversation()}</div>
    </div>
  </section>`
}

const chooser = (): TemplateResult => {
  const onFiles = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement && target.files !== null && target.files.length > 0) void open([...target.files])
  }
  const onHub = (event: SubmitEvent): void => {
    event.preventDefault()
    const name = event.target instanceof HTMLFormElement ? new FormData(event.target).get('name') : null
    if (typeof name === 'string' && /^\w[\w.-]*\/\w[\w.-]*$/.test(name)) void fetchModel(name)
    else owning.set({ failure: 'A model of the hub is named owner/name.' })
  }
  const { working } = owning.get()
  return html`<label class="drop"><b>Drop a model directory here, or choose one</b><span>config.json, model.safetensors, tokenizer.json</span>
      <input type="file" id="directory" webkitdirectory multiple ?disabled=${working !== undefined} @change=${onFiles} /></label>
    <form class="field" @submit=${onHub}><label><span>or name one of the hub: it is fetched from huggingface.co</span>
      <input type="text" name="name" placeholder="HuggingFaceTB/SmolLM2-135M-Instruct" autocomplete="off" spellcheck="false" /></label></form>`
}

const large = (bytes: number): string =>
  bytes > 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(bytes > 1e7 ? 0 : 1)} MB`

const facts = ({ family, parameters, context, vocabulary, chats }: ModelSize): TemplateResult => {
  const { name, bytes } = owning.get()
  const rows: readonly (readonly [string, string])[] = [
    ['family', family],
    ['parameters', parameters.toLocaleString('en')],
    ['files', large(bytes)],
    ['memory to talk', `about ${large(4 * parameters)}`],
    ['to learn adapters', `about ${large(5 * parameters)} and what a batch needs`],
    ['context', `${context.toLocaleString('en')} tokens of ${vocabulary.toLocaleString('en')}`],
    ['chat template', chats ? 'its own' : 'none: it goes on from your words'],
  ]
  return html`<h3>${name}</h3><dl class="facts">${rows.map(([term, what]) => html`<dt>${term}</dt><dd>${what}</dd>`)}</dl>`
}

const learning = (): TemplateResult => {
  const { working, aligned } = owning.get()
  const thumbs = judged().length
  const busy = working !== undefined
  const { draft } = declaring.get()
  return html`<h3>Align it</h3>
    <p class="note">${thumbs === 0 ? 'Say of some answers whether you like them.' : `${thumbs} thumbs.`} LoRA adapters of rank 8 are trained beside the model.</p>
    <p class="row"><button type="button" class="primary" ?disabled=${busy || thumbs < 2} @click=${() => alignOwn()}>Align with KTO</button>
      ${draft.kind === 'parts' ? html`<button type="button" ?disabled=${busy || thumbs < 2} @click=${() => alignOwn(draft)}>with ${draft.name}</button>` : nothing}
      ${busy ? html`<button type="button" class="quiet" @click=${giveUp}>Stop</button>` : nothing}</p>
    <p class="row"><button type="button" class="quiet" ?disabled=${busy || !aligned} @click=${() => download('adapters')}>Save adapters</button>
      <button type="button" class="quiet" ?disabled=${busy || !aligned} @click=${() => download('merged')}>Save merged model</button>
      <button type="button" class="quiet" ?disabled=${thumbs === 0} @click=${saveThumbs}>Save thumbs</button></p>
    ${aligned ? html`<p class="note" role="status">Aligned: it answers with its adapters now.</p>` : nothing}`
}

const conversation = (): TemplateResult => {
  const { exchanges, working, text } = owning.get()
  const onAsk = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = event.target
    if (!(form instanceof HTMLFormElement)) return
    const said = new FormData(form).get('said')
    form.reset()
    if (typeof said === 'string' && said.trim() !== '') void ask(said.trim())
  }
  return html`<div class="talk" aria-live="polite">
      ${exchanges.map(
        ({ turns, answer, label, judged }, i) => html`<p class="said">${turns.at(-1)?.content}</p>
          <div class="reply"><p>${answer}</p><p class="row">
            <button type="button" class="thumb good" aria-label="I like it" aria-pressed=${judged && label} @click=${() => judgeAnswer(i, true)}>${thumb(true)}</button>
            <button type="button" class="thumb bad" aria-label="I don’t like it" aria-pressed=${judged && !label} @click=${() => judgeAnswer(i, false)}>${thumb(false)}</button></p></div>`,
      )}
      ${working === undefined ? nothing : html`<div class="reply" aria-busy="true"><p>${text === '' ? working : text}</p></div>`}
    </div>
    <form class="say" @submit=${onAsk}><input type="text" name="said" aria-label="What you say" placeholder="Say something" autocomplete="off" ?disabled=${working !== undefined} /><button ?disabled=${working !== undefined}>Send</button></form>`
}
