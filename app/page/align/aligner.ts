/** The worker that writes and learns: the model and a WebAssembly backend, with threads of its own where the page is cross-origin isolated. */
import { wasm } from '../../../backends/wasm/index.ts'
import type { Backend } from '../../../core/index.ts'
import { getOrThrow } from '../../../halos/index.ts'
import { lossOfDraft } from '../declare/declaration.ts'
import type { Draft } from '../declare/draft.ts'
import { keep, recall } from '../keep.ts'
import { answerCalls } from '../rpc.ts'
import { type BeforeAfter, compare, fingerprint, type Learner, learn, learnerOf, type PageThumb, samples } from './learner.ts'

/** A run that is asked for. */
export interface AlignOrder {
  /** Under which name its state is kept. */
  readonly key: string
  readonly draft: Draft
  readonly thumbs: readonly PageThumb[]
  readonly steps: number
  readonly batch: number
  readonly rate: number
  readonly seed: number
  /** How many workers learn at the same time: the cores are shared among them. */
  readonly beside: number
  readonly device: PageDevice
}
/** What computes. WebAssembly gives the same bits everywhere; a graphics card is faster for larger models. */
export type PageDevice = 'wasm' | 'webgpu'
export interface CurvePoint {
  readonly step: number
  readonly tokensPerSecond: number
  readonly metrics: Readonly<Record<string, number>>
}
/** What is told while a run goes on. */
export type AlignNews = { readonly point: CurvePoint } | { readonly comparing: number }
export interface AlignResult extends BeforeAfter {
  readonly fingerprint: string
  readonly curve: readonly CurvePoint[]
}
/** What a reload goes on from. */
export interface KeptRun {
  readonly snapshot?: Uint8Array
  readonly curve: readonly CurvePoint[]
}

const names = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'prompts.json']
/** Milliseconds between two savings. */
const between = 3000

/** WebGPU is loaded where it is asked for. */
const backendOf = async (device: PageDevice, threads?: number): Promise<Backend> =>
  device === 'wasm' ? wasm(threads === undefined ? {} : { threads }) : (await import('../../../backends/webgpu/index.ts')).webgpu()

interface Opened {
  readonly on: string
  readonly learner: Promise<Learner>
}
let opened: Opened | undefined
/** The model on a device. One is open at a time: another device, or another number of threads, takes its place. */
const open = async (base: string, device: PageDevice = 'wasm', threads?: number): Promise<Learner> => {
  const on = `${device} ${threads}`
  if (opened?.on === on) return opened.learner
  const before = opened
  opened = { on, learner: read(base, device, threads) }
  await before?.learner.then(({ backend }) => backend.close?.()).catch(() => undefined) // it was not opened
  return opened.learner
}
const read = async (base: string, device: PageDevice, threads?: number): Promise<Learner> => {
  const files = names.map(async (name) => {
    const response = await fetch(new URL(`model/${name}`, base))
    if (!response.ok) throw new Error(`the page’s model could not be read: ${name}: ${response.status} ${response.statusText}`)
    return [name, new Uint8Array(await response.arrayBuffer())] as const
  })
  return learnerOf(await backendOf(device, threads), Object.fromEntries(await Promise.all(files)))
}

let stopped = false
const align = async (base: string, order: AlignOrder, tell: (news: AlignNews) => void): Promise<AlignResult | undefined> => {
  const { key, draft, thumbs, beside, device } = order
  const threads = Math.max(1, Math.floor((globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1) / beside))
  const own = await open(base, device, threads)
  const loss = getOrThrow(await lossOfDraft(draft))
  const kept = await recall<KeptRun>(key)
  const curve = [...(kept?.curve ?? [])]
  stopped = false
  let saved = -Infinity
  const signal = {
    get aborted() {
      return stopped
    },
  }
  const parameters = await learn(own, loss, thumbs, {
    ...order,
    signal,
    ...(kept?.snapshot && { from: kept.snapshot }),
    onStep: async ({ step, steps, tokens, seconds, metrics }, snapshot) => {
      const point: CurvePoint = { step, tokensPerSecond: tokens / seconds, metrics }
      curve.push(point)
      tell({ point })
      if (!stopped && step < steps && performance.now() - saved < between) return
      await keep(key, { snapshot: await snapshot(), curve } satisfies KeptRun)
      saved = performance.now()
    },
  })
  if (stopped) return undefined
  const texts = await compare(own, parameters, (comparing) => tell({ comparing }))
  return { ...texts, curve, fingerprint: await fingerprint(own, parameters) }
}

const functions = (tell: (news: unknown) => void) => ({
  /** How large the model is, and on how many threads it runs. */
  open: async (base: string): Promise<{ readonly tokens: number; readonly prompts: number }> => {
    const { prompts, tokenizer } = await open(base)
    return { tokens: tokenizer.vocabularySize, prompts: prompts.judged.length }
  },
  /** The graphics card, or why there is none. */
  graphics: async () => (await import('../../../backends/webgpu/index.ts')).probeAdapter(),
  samples: async (base: string, first: number, count: number) => samples(await open(base), first, count),
  align: (base: string, order: AlignOrder) => align(base, order, tell),
  /** The run ends after its current step, and is kept. */
  pause: (): void => {
    stopped = true
  },
})
export type Aligner = ReturnType<typeof functions>

answerCalls(functions)
