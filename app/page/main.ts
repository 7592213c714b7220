/**
 * The page: declare, judge, align, in a browser, with nothing behind it. Each tab is a folder with what it knows (`model.ts`), how it looks
 * (`view.ts`) and the worker that computes; this file puts them side by side.
 */
import { html, render, type TemplateResult } from 'lit-html'
import { begin, declaring, followAddress } from './declare/model.ts'
import { declareView } from './declare/view.ts'

interface Tab {
  readonly key: string
  readonly title: string
  readonly view: () => TemplateResult
}
const tabs: readonly Tab[] = [{ key: 'declare', title: 'Declare', view: declareView }]

const current = (): Tab | undefined => tabs.find(({ key }) => key === location.hash.slice(1).split('?')[0]) ?? tabs[0]

const page = (): TemplateResult => html`
  <a class="skip" href="#main">Skip to the content</a>
  <header class="top">
    <h1><a href="#declare">halograd</a></h1>
    <nav aria-label="Steps">${tabs.map(({ key, title }) => html`<a href="#${key}" aria-current=${current()?.key === key ? 'page' : 'false'}>${title}</a>`)}</nav>
    <button type="button" class="quiet" aria-label="Light or dark" @click=${switchTheme}>◐</button>
  </header>
  <main id="main" tabindex="-1">${current()?.view()}</main>
  <footer><p>Everything is computed in this page; nothing is sent anywhere. <a href="https://github.com/halograd/halograd">halograd</a>, MIT licence, after the
    <a href="https://arxiv.org/abs/2402.01306">KTO paper</a>.</p></footer>`

const switchTheme = (): void => {
  const { dataset } = document.documentElement
  const dark = dataset.theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : dataset.theme === 'dark'
  dataset.theme = dark ? 'light' : 'dark'
  localStorage.setItem('theme', dataset.theme)
}

let due = false
/** Once for all changes that come together, and before the next event: a key that is pressed twice moves a handle twice. */
const draw = (): void => {
  if (due) return
  due = true
  queueMicrotask(() => {
    due = false
    render(page(), document.body)
  })
}

document.documentElement.dataset.theme =
  localStorage.getItem('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
addEventListener('hashchange', () => {
  followAddress()
  draw()
})
declaring.subscribe(draw)
draw()
void begin()
