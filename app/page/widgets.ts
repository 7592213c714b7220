/** Small pieces that several tabs use: formulas, a button that copies. */
import { html, type TemplateResult } from 'lit-html'
import { unsafeHTML } from 'lit-html/directives/unsafe-html.js'
import { until } from 'lit-html/directives/until.js'

/** KaTeX is loaded with the first formula. It writes MathML, which browsers typeset themselves; the parts of a definition get a line each. */
const rendered = async (latex: string): Promise<unknown> => {
  const { default: katex } = await import('katex')
  const line = (text: string): string =>
    katex.renderToString(text, { output: 'mathml', displayMode: true, throwOnError: false, strict: 'ignore' })
  // What comes back is KaTeX's own markup: it escapes all text, and makes neither links nor images unless told to trust.
  return unsafeHTML(
    latex
      .split(/,\s*\\quad\s*/)
      .map(line)
      .join(''),
  )
}
const formulas = new Map<string, Promise<unknown>>()

/** A formula, which scrolls on its own where it is too wide. */
export const formula = (latex: string): TemplateResult => {
  const made = formulas.get(latex) ?? rendered(latex)
  if (formulas.size > 200) formulas.clear()
  formulas.set(latex, made)
  return html`<div class="formula" tabindex="0" role="group" aria-label="formula">${until(made, html`<code>${latex}</code>`)}</div>`
}

export const copyButton = (text: string, title: string): TemplateResult =>
  html`<button type="button" class="quiet" aria-label=${title} @click=${async ({ currentTarget: button }: Event) => {
    await navigator.clipboard.writeText(text)
    if (!(button instanceof HTMLElement)) return
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 1500)
  }}>Copy</button>`
