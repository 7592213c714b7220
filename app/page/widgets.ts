/** Small pieces that several tabs use: formulas, a button that copies. */
import { html, svg, type TemplateResult } from 'lit-html'
import { ref } from 'lit-html/directives/ref.js'

/** KaTeX is loaded with the first formula that comes into view. It writes MathML, which browsers typeset; the parts of a definition get a line each. */
const typeset = async (place: Element, latex: string): Promise<void> => {
  const { default: katex } = await import('katex')
  if (wanted.get(place) !== latex) return
  const line = (text: string): string =>
    katex.renderToString(text, { output: 'mathml', displayMode: true, throwOnError: false, strict: 'ignore' })
  // What comes back is KaTeX's own markup: it escapes all text, and makes neither links nor images unless told to trust.
  place.innerHTML = latex
    .split(/,\s*\\quad\s*/)
    .map(line)
    .join('')
}
/** Which formula belongs to a place. */
const wanted = new WeakMap<Element, string>()
const seen = new WeakSet<Element>()
const watch = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue
    watch.unobserve(target)
    seen.add(target)
    void typeset(target, wanted.get(target) ?? '')
  }
})
const put =
  (latex: string) =>
  (place?: Element): void => {
    if (place === undefined || wanted.get(place) === latex) return
    wanted.set(place, latex)
    if (seen.has(place)) void typeset(place, latex)
    else watch.observe(place)
  }

/** A formula, which scrolls on its own where it is too wide. */
export const formula = (latex: string): TemplateResult =>
  html`<div class="formula" tabindex="0" role="group" aria-label="formula" ${ref(put(latex))}></div>`

export const copyButton = (text: string, title: string, label = 'Copy'): TemplateResult =>
  html`<button type="button" class="quiet" aria-label=${title} @click=${async ({ currentTarget: button }: Event) => {
    await navigator.clipboard.writeText(text)
    if (!(button instanceof HTMLElement)) return
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = label
    }, 1500)
  }}>${label}</button>`

/** A hand with its thumb up, or down. */
export const thumb = (up: boolean): TemplateResult =>
  html`<svg class="hand" viewBox="0 0 24 24" aria-hidden="true">${svg`<path transform=${up ? '' : 'rotate(180 12 12)'} d="M2 10.5h3.6v10H2zM7.4 10.2 11.6 2c1.9 0 3 1.3 2.7 3.1L13.6 9h6.1c1.5 0 2.6 1.4 2.2 2.9l-1.8 6.8a2.4 2.4 0 0 1-2.3 1.8H7.4z" />`}</svg>`
