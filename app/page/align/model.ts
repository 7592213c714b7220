/** What the third tab knows: runs that learn from the thumbs, each in a worker of its own; their curves, and what has become of the model. */
import { weigh } from '../../../models/index.ts'
import { type Rate, winRate } from '../../terminal/statistics.ts'
import type { Draft } from '../declare/draft.ts'
import { declaring } from '../declare/model.ts'
import { graphicsCard, judging, startAligner } from '../judge/model.ts'
import { lexiconOf } from '../judge/rule.ts'
import { forget, keep, recall } from '../keep.ts'
import { EndedError, type Remote, remote } from '../rpc.ts'
import { store } from '../store.ts'
import type { Aligner, AlignNews, AlignOrder, AlignResult, CurvePoint, KeptRun, PageDevice } from './aligner.ts'
import { type WordChange, wordChanges } from './words.ts'

export interface AlignRun {
  readonly order: AlignOrder
  readonly name: string
  readonly curve: readonly CurvePoint[]
  readonly state: 'running' | 'paused' | 'comparing' | 'done' | 'failed'
  /** How much of the comparison is written, from 0 to 1. */
  readonly comparing?: number
  readonly result?: AlignResult
  readonly failure?: string
}
/** What the rule of the second tab says of a finished run. */
export interface RunJudgement {
  readonly wins: Rate
  readonly words: readonly WordChange[]
  readonly worth: { readonly before: readonly number[]; readonly after: readonly number[] }
}
export type LossChoice = 'kto' | 'dpo' | 'declared'
interface Aligning {
  readonly runs: readonly AlignRun[]
  readonly judgements: ReadonlyMap<string, RunJudgement>
  readonly loss: LossChoice
  readonly beside: LossChoice | 'none'
  readonly steps: number
  /** The logarithm to the base 10 of the learning rate. */
  readonly rate: number
  readonly device: PageDevice
  /** The graphics card in words, where there is one. */
  readonly card?: string
}
export const aligning = store<Aligning>({
  runs: [],
  judgements: new Map(),
  loss: 'kto',
  beside: 'none',
  steps: 100,
  rate: -3.4,
  device: 'wasm',
})

const keys = ['run A', 'run B'] as const
const workers = new Map<string, Remote<Aligner>>()
const workerOf = (key: string): Remote<Aligner> => {
  const found = workers.get(key) ?? remote<Aligner>(startAligner)
  workers.set(key, found)
  return found
}

/** The loss that is meant, with the weights that make up for unequal counts. */
const draftOf = (choice: LossChoice): Draft => {
  if (choice === 'declared') return declaring.get().draft
  if (choice === 'dpo') return { kind: 'catalogue', loss: 'dpo', settings: { beta: 0.1 } }
  const { thumbs } = judging.get()
  const desirable = thumbs.filter(({ label }) => label).length
  const { better = { desirable: 1, undesirable: 1 } } = weigh({ desirable, undesirable: thumbs.length - desirable })
  return { kind: 'catalogue', loss: 'kto', settings: { beta: 0.1, ...better } }
}
export const nameOfDraft = (draft: Draft): string => (draft.kind === 'parts' ? draft.name : draft.loss.toUpperCase())
const change = (key: string, part: Partial<AlignRun>): void =>
  aligning.set({ runs: aligning.get().runs.map((run) => (run.order.key === key ? { ...run, ...part } : run)) })

/** Begin anew: one run, or two side by side. */
export const start = async (): Promise<void> => {
  const { loss, beside, steps, rate, device } = aligning.get()
  const { thumbs } = judging.get()
  const choices = beside === 'none' ? [loss] : [loss, beside]
  const batch = Math.max(4, Math.min(16, Math.floor(thumbs.length / 2)))
  for (const key of keys) await forget(key)
  const runs = choices.map((choice, i): AlignRun => {
    const draft = draftOf(choice)
    const order = {
      key: keys[i] ?? keys[0],
      draft,
      thumbs,
      steps,
      batch,
      rate: Number((10 ** rate).toPrecision(2)),
      seed: 1,
      beside: choices.length,
      device,
    }
    return { order, name: nameOfDraft(draft), curve: [], state: 'running' }
  })
  aligning.set({ runs, judgements: new Map() })
  await keep(
    'orders',
    runs.map(({ order }) => order),
  )
  await Promise.all(runs.map(({ order }) => go(order)))
}

const go = async (order: AlignOrder): Promise<void> => {
  const { key } = order
  const onNews = (news: unknown): void => {
    const told = news as AlignNews // the worker tells nothing else
    const run = aligning.get().runs.find((each) => each.order.key === key)
    change(key, 'comparing' in told ? { state: 'comparing', comparing: told.comparing } : { curve: [...(run?.curve ?? []), told.point] })
  }
  try {
    const result = await workerOf(key).ask('align', [document.baseURI, order], { onNews })
    if (result === undefined) return change(key, { state: 'paused' })
    change(key, { state: 'done', result, curve: result.curve })
    await keep(`${key} result`, result)
    await judgeRuns()
  } catch (error) {
    if (!(error instanceof EndedError)) change(key, { state: 'failed', failure: error instanceof Error ? error.message : String(error) })
  }
}

/** All runs end after their current steps, and can go on. */
export const pause = (): void => {
  for (const { order, state } of aligning.get().runs) if (state === 'running') void workerOf(order.key).ask('pause', [])
}
export const resume = async (): Promise<void> => {
  const paused = aligning.get().runs.filter(({ state }) => state === 'paused')
  for (const { order } of paused) change(order.key, { state: 'running' })
  await Promise.all(paused.map(({ order }) => go(order)))
}
/** Give up what is running, and forget it. */
export const stop = async (): Promise<void> => {
  for (const { order } of aligning.get().runs) {
    workerOf(order.key).end('stopped')
    workers.delete(order.key)
    await forget(order.key)
    await forget(`${order.key} result`)
  }
  await forget('orders')
  aligning.set({ runs: [], judgements: new Map() })
}

/** What the rule says of all finished runs, now. */
export const judgeRuns = async (): Promise<void> => {
  const lexicon = await lexiconOf(judging.get().rule)
  const judgements = aligning.get().runs.flatMap(({ order, result }): readonly (readonly [string, RunJudgement])[] => {
    if (result === undefined) return []
    const worth = { before: result.before.map(lexicon.worth), after: result.after.map(lexicon.worth) }
    const words = wordChanges(result.before, result.after, lexicon)
    return [[order.key, { wins: winRate(worth.before, worth.after), words, worth }]]
  })
  aligning.set({ judgements: new Map(judgements) })
}

/** Runs of an earlier visit: finished ones with their results, others as if they were paused. */
export const beginAligning = async (): Promise<void> => {
  if (aligning.get().card === undefined) void graphicsCard().then((card) => card !== undefined && aligning.set({ card }))
  const orders = await recall<readonly AlignOrder[]>('orders').catch(() => undefined)
  if (orders === undefined || aligning.get().runs.length > 0) return
  const runs = orders.map(async (order): Promise<AlignRun> => {
    const [kept, result] = [await recall<KeptRun>(order.key), await recall<AlignResult>(`${order.key} result`)]
    const found = { order, name: nameOfDraft(order.draft), curve: result?.curve ?? kept?.curve ?? [] }
    return result === undefined ? { ...found, state: 'paused' } : { ...found, state: 'done', result }
  })
  aligning.set({ runs: await Promise.all(runs) })
  await judgeRuns()
}

const symbols: ReadonlyMap<string, string> = new Map([
  ['value', 'v'],
  ['beta', 'β'],
  ['desirable', 'λ_D'],
  ['undesirable', 'λ_U'],
])
/** What tells two orders apart, for people. */
export const describeOrder = ({ draft, steps, batch, rate, thumbs, device }: AlignOrder): string => {
  const said =
    draft.kind === 'catalogue'
      ? Object.entries(draft.settings)
      : Object.entries(draft).filter(([key]) => key === 'margin' || symbols.has(key))
  const settings = said.map(([key, x]) => `${symbols.get(key) ?? key} = ${typeof x === 'number' ? Number(x.toPrecision(3)) : x}`)
  return `${settings.join(', ')}; ${thumbs.length} thumbs, ${steps} steps of ${batch}, learning rate ${rate}, on ${device === 'wasm' ? 'WebAssembly' : 'WebGPU'}`
}
