/** The tab of the catalogue: every loss with its curve, formula, verdict and source. */
import { html, nothing, svg, type TemplateResult } from 'lit-html'
import type { CatalogueEntry, CurvePoints } from '../declare/judgement.ts'
import { formula } from '../widgets.ts'
import { filtered, theory } from './model.ts'
import type { TheoremEntry } from './theorems.ts'

const kinds = ['all', 'HALO', 'not a HALO'] as const

export const theoryView = (): TemplateResult => {
  const { entries, filter, kind, working, theorems } = theory.get()
  const shown = filtered()
  const onFilter = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement) theory.set({ filter: target.value })
  }
  return html`<section aria-labelledby="theory-title">
    <header class="intro">
      <h2 id="theory-title">Which losses are human-aware?</h2>
      <p>Every loss of the catalogue, verified in this page a moment ago: what it implies about gains and losses, and whether it is a HALO.</p>
    </header>
    <div class="row"><input type="search" id="filter" aria-label="Filter the losses" placeholder="a name, a word of the title, a year" .value=${filter} @input=${onFilter} />
      <span class="chips" role="group" aria-label="by verdict">${kinds.map((each) => html`<button type="button" class="chip" aria-pressed=${kind === each} @click=${() => theory.set({ kind: each })}>${each}</button>`)}</span>
      <span class="note" role="status">${working ? `Verifying: ${entries.length} so far …` : `${shown.length} of ${entries.length}`}</span></div>
    <ul class="catalogue">${shown.map(entry)}</ul>
    ${theorems.length === 0 ? nothing : html`<h2>Theorems</h2><p class="note">Each is checked by halograd’s test suite, from the code that trains, and must be refuted for something that it does not cover.</p><ul class="theorems">${theorems.map(theorem)}</ul>`}
  </section>`
}

const entry = ({ key, name, verdict, title, year, arxiv, at, latex, curve, defaults }: CatalogueEntry): TemplateResult => {
  const kind = verdict.startsWith('HALO') ? 'good' : verdict === 'not a HALO' ? 'bad' : 'open'
  const settings = new URLSearchParams([['loss', key], ...Object.entries(defaults).map(([k, x]) => [k, String(x)])])
  return html`<li class="panel" data-loss=${key} data-verdict-of=${verdict}>
    <div class="head"><h3><a href="#declare?${settings.toString()}">${name}</a></h3><span class="badge ${kind}">${verdict}</span></div>
    ${curve === undefined ? html`<p class="note">not a function of one gain</p>` : thumbnail(curve, kind)}
    ${formula(latex)}
    <p class="note">${title}${year === undefined ? '' : ` (${year})`}, ${at}${arxiv === undefined ? nothing : html`, <a href="https://arxiv.org/abs/${arxiv}">arXiv:${arxiv}</a>`}</p>
  </li>`
}

const theorem = ({ name, statement, source, link, checked, control }: TheoremEntry): TemplateResult => html`<li>
  <h3>${name}</h3><p>${statement}</p>
  <p class="note">${link === undefined ? source : html`<a href=${link}>${source}</a>`}. <span class="good">✓ ${checked}</span></p>
  <details><summary>What it does not hold for</summary><p class="note">${control}</p></details></li>`

const thumbnail = (curve: CurvePoints, kind: string): TemplateResult => {
  const gains = curve.filter(([, y]) => Number.isFinite(y)).map(([, y]) => y)
  const [top, bottom] = [Math.max(...gains), Math.min(...gains)]
  const low = top > 0.05 * -bottom ? Math.max(bottom, -2.5 * top) : bottom // what falls far on losses is cut off
  const y = (value: number): number => 58 - (54 * (value - low)) / (top - low || 1)
  const path = curve
    .flatMap(([z, value]) => (Number.isFinite(value) ? `${((z + 5) * 20).toFixed(1)},${y(value).toFixed(1)}` : []))
    .join(' ')
  return html`<svg class="thumbnail" viewBox="0 0 200 62" aria-hidden="true">${svg`<line x1="100" x2="100" y1="2" y2="60" /><line x1="0" x2="200" y1=${y(0)} y2=${y(0)} /><polyline class="line ${kind}" points=${path} />`}</svg>`
}
