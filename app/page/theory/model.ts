/** What the tab of the catalogue knows: its losses, verified here, and what they are filtered by. */
import type { CatalogueEntry } from '../declare/judgement.ts'
import type { Prover } from '../declare/prover.ts'
import { remote } from '../rpc.ts'
import { store } from '../store.ts'
import type { TheoremEntry } from './theorems.ts'

interface Theory {
  readonly entries: readonly CatalogueEntry[]
  readonly filter: string
  readonly kind: 'all' | 'HALO' | 'not a HALO'
  readonly working: boolean
  readonly theorems: readonly TheoremEntry[]
}
export const theory = store<Theory>({ entries: [], filter: '', kind: 'all', working: false, theorems: [] })

/** A worker of its own: verifying all losses takes seconds, in which the first tab goes on answering. */
const prover = remote<Prover>(() => new Worker(new URL('../declare/prover.ts', import.meta.url), { type: 'module', name: 'catalogue' }))

export const beginTheory = async (): Promise<void> => {
  if (theory.get().entries.length > 0 || theory.get().working) return
  theory.set({ working: true })
  theory.set({ theorems: await (await fetch(new URL('theorems.json', document.baseURI))).json() })
  const onNews = (news: unknown): void => theory.set({ entries: [...theory.get().entries, news as CatalogueEntry] }) // it tells nothing else
  await prover.ask('table', [], { onNews })
  theory.set({ working: false })
  prover.end('done')
}

/** The losses that the filter lets through: by name, title or year, and by verdict. */
export const filtered = (): readonly CatalogueEntry[] => {
  const { entries, filter, kind } = theory.get()
  const wanted = filter.toLowerCase()
  return entries.filter(
    ({ key, name, title, year, verdict }) =>
      (kind === 'all' || verdict.startsWith(kind)) && `${key} ${name} ${title} ${year ?? ''}`.toLowerCase().includes(wanted),
  )
}
