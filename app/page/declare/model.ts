/** What the first tab knows, and what can be done there: a change of the draft is drawn at once, then proved, in a worker that has a time limit. */
import { remote } from '../rpc.ts'
import { store } from '../store.ts'
import { bold, type Draft, fromAddress, type PartsDraft, toAddress } from './draft.ts'
import { moved, sampled, textOf } from './drawing.ts'
import type { CatalogueEntry, DraftFlaw, DraftVerdict, Sketch } from './judgement.ts'
import type { Prover } from './prover.ts'

export interface Declaring {
  readonly draft: Draft
  readonly sketch?: Sketch
  readonly verdict?: DraftVerdict
  readonly flaw?: DraftFlaw | undefined
  /** Whether what is shown is not yet of the draft as it is. */
  readonly stale: boolean
  /** The z of the dragged point. */
  readonly probe: number
  /** The values at whole z, while the curve is drawn by hand. */
  readonly values?: readonly number[] | undefined
  readonly rising: boolean
  readonly losses: readonly Pick<CatalogueEntry, 'key' | 'defaults'>[]
}

const query = (): string => location.hash.split('?')[1] ?? ''
export const declaring = store<Declaring>({ draft: fromAddress(query()), stale: true, probe: 2, rising: true, losses: [] })

export const prover = remote<Prover>(() => new Worker(new URL('./prover.ts', import.meta.url), { type: 'module', name: 'prover' }))
/** Milliseconds that a declaration may take: one is a hundred times slower than any of the catalogue. */
const patience = 8000

let [busy, again] = [false, false]
/** Draw and prove the draft as it is; a change meanwhile is worked on afterwards. */
const refresh = async (): Promise<void> => {
  if (busy) {
    again = true
    return
  }
  busy = true
  do {
    again = false
    await work(declaring.get().draft)
  } while (again)
  busy = false
}
const work = async (draft: Draft): Promise<void> => {
  const same = (): boolean => declaring.get().draft === draft
  try {
    const sketch = await prover.ask('sketch', [draft], { within: patience })
    if ('flaw' in sketch) return declaring.set({ flaw: sketch, ...(same() && { stale: false }) })
    declaring.set({ sketch, flaw: undefined })
    if (!same()) return
    const verdict = await prover.ask('prove', [draft], { within: patience })
    if ('flaw' in verdict) declaring.set({ flaw: verdict })
    else declaring.set({ verdict, ...(same() && { stale: false }) })
  } catch (error) {
    declaring.set({ flaw: { flaw: `This declaration was ${error instanceof Error ? error.message : String(error)}.` }, stale: false })
  }
}

/** Another draft: the address says it, and the curves follow. */
export const declare = (draft: Draft, change: Partial<Declaring> = {}): void => {
  declaring.set({ draft, stale: true, values: undefined, ...change })
  history.replaceState(null, '', `#declare?${toAddress(draft)}`)
  void refresh()
}

export const changeParts = (change: Partial<PartsDraft>, state: Partial<Declaring> = {}): void => {
  const { draft } = declaring.get()
  if (draft.kind === 'parts') declare({ ...draft, ...change }, state)
}

export const chooseLoss = (key: string): void => {
  const known = declaring.get().losses.find((loss) => loss.key === key)
  declare(known === undefined ? bold : { kind: 'catalogue', loss: known.key, settings: known.defaults })
}

/** From a loss of the catalogue to its parts. Resolves to why it has none, if so. */
export const toParts = async (): Promise<void> => {
  const parts = await prover.ask('parts', [declaring.get().draft], { within: patience })
  if (parts !== undefined) return declare(parts)
  declaring.set({ flaw: { flaw: 'The parts of this loss are not among those offered here: its file in halos/losses says what they are.' } })
}

/** Begin or end drawing: the curve as it is becomes values at whole z. */
export const toggleDrawing = (): void => {
  const { values, sketch } = declaring.get()
  if (values !== undefined || sketch?.value === undefined) declaring.set({ values: undefined })
  else draw(sampled(sketch.value))
}
const draw = (values: readonly number[]): void => changeParts({ value: textOf(values), margin: 0 }, { values })
export const drag = (i: number, y: number): void => {
  const { values, rising } = declaring.get()
  if (values !== undefined) draw(moved(values, i, y, rising))
}

export const begin = async (): Promise<void> => {
  void refresh()
  declaring.set({ losses: await prover.ask('names', []) })
}
/** The address was changed by hand, or by a link. */
export const followAddress = (): void => {
  const draft = fromAddress(query())
  if (query() !== '' && toAddress(draft) !== toAddress(declaring.get().draft)) declare(draft)
}
