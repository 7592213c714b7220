/**
 * The page: declare, judge, align, in a browser, with nothing behind it. Each tab is a folder with what it knows (`model.ts`), how it looks
 * (`view.ts`) and the worker that computes; this file puts them side by side.
 */
import { html, render, type TemplateResult } from 'lit-html'
import { aligning, beginAligning } from './align/model.ts'
import { alignView } from './align/view.ts'
import { begin, declaring, followAddress } from './declare/model.ts'
import { declareView } from './declare/view.ts'
import { beginJudging, judging } from './judge/model.ts'
import { judgeKeys, judgeView } from './judge/view.ts'
import { owning } from './own/model.ts'
import { ownView } from './own/view.ts'
import { beginTheory, theory } from './theory/model.ts'
import { theoryView } from './theory/view.ts'

interface Tab {
  readonly key: string
  readonly title: string
  readonly view: () => TemplateResult
  /** What it needs when it is first seen. */
  readonly begin?: () => Promise<void>
  /** What keys do, outside of fields: whether this one did something. */
  readonly keys?: (event: KeyboardEvent) => boolean
}
const tabs: readonly Tab[] = [
  { key: 'declare', title: 'Declare', view: declareView },
  { key: 'judge', title: 'Judge', view: judgeView, begin: beginJudging, keys: judgeKeys },
  { key: 'align', title: 'Align', view: alignView, begin: async () => void (await Promise.all([beginJudging(), beginAligning()])) },
  { key: 'own', title: 'Your model', view: ownView },
  { key: 'theory', title: 'Theory', view: theoryView, begin: beginTheory },
]

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
const show = (): void => {
  followAddress()
  void current()?.begin?.()
  draw()
}
addEventListener('hashchange', () => {
  show()
  document.querySelector('main')?.focus({ preventScroll: true })
  scrollTo(0, 0)
})
addEventListener('keydown', (event) => {
  const elsewhere =
    event.target instanceof Element && event.target.closest('input, textarea, select, button, a, [role=slider], [role=group]') !== null
  if (!elsewhere && !event.ctrlKey && !event.metaKey && !event.altKey && current()?.keys?.(event)) event.preventDefault()
})
/** Where the host isolates nothing, a service worker does, from the next load on: that is at once, but only once. */
const isolate = async (): Promise<void> => {
  if (crossOriginIsolated || !isSecureContext || sessionStorage.getItem('isolated') !== null) return
  await navigator.serviceWorker.register('./isolate.js')
  await navigator.serviceWorker.ready
  sessionStorage.setItem('isolated', 'tried')
  location.reload()
}

for (const { subscribe } of [declaring, judging, aligning, owning, theory]) subscribe(draw)
show()
void begin()
void isolate().catch(() => undefined) // one thread, then, which the Align tab says
