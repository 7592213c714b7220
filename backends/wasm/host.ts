/** What differs between hosts: how workers start, how many cores there are, whether there is a BLAS, or fused multiply-add. */
import { f32x4 } from './instructions.ts'
import { module } from './module.ts'

const node = typeof process === 'object' && typeof process.versions?.node === 'string'
/** Only Node has these modules, and bundlers for browsers must not look for them. */
const builtin = <M>(name: string): Promise<M> => import(/* @vite-ignore */ name)

/** A worker of this host, whatever the host. */
export interface Worker {
  readonly send: (message: unknown) => void
  /** The next answer; answers come in the order in which they were asked for. Rejects with `failure` where the worker ends before. */
  readonly answer: () => Promise<void>
  /** Why the worker runs no more, if it does not. */
  readonly failure: () => Error | undefined
  /** May be called again. */
  readonly end: () => Promise<void>
}

/** Start a worker on a script that uses `receive` and `send`. It does not keep a process alive while nobody awaits its answer. */
export const spawn = async (script: string): Promise<Worker> => {
  if (!node) return browserWorker(script)
  const { Worker } = await builtin<typeof import('node:worker_threads')>('node:worker_threads')
  const prologue = `const { parentPort } = require('node:worker_threads')
const receive = (f) => parentPort.on('message', f), send = (x) => parentPort.postMessage(x)`
  const worker = new Worker(`${prologue}${script}`, { eval: true, name: 'halograd' })
  // Whoever awaits an answer keeps the process alive, nobody else.
  const { answer, resolve, fail, failure } = answers((waiting) => (waiting ? worker.ref() : worker.unref()))
  worker.unref()
  worker.on('message', resolve)
  worker.on('error', (error) => fail(`failed: ${error.message}`))
  worker.on('exit', () => fail('has ended'))
  return {
    ...{ answer, failure },
    send: (message) => worker.postMessage(message),
    end: async () => {
      fail('was closed')
      await worker.terminate()
    },
  }
}

/** Answers that are awaited, first come, first served; and the end of all. */
const answers = (waiting: (some: boolean) => void) => {
  const asked: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  let failed: Error | undefined
  return {
    failure: () => failed,
    answer: () =>
      new Promise<void>((resolve, reject) => {
        if (failed !== undefined) return reject(failed)
        asked.push({ resolve, reject })
        waiting(true)
      }),
    resolve: () => {
      asked.shift()?.resolve()
      if (asked.length === 0) waiting(false)
    },
    /** The first reason counts. */
    fail: (why: string) => {
      failed ??= new Error(`wasm: a worker ${why}: open the backend again`)
      for (const { reject } of asked.splice(0)) reject(failed)
    },
  }
}

const browserWorker = (script: string): Worker => {
  const url = URL.createObjectURL(new Blob([`const receive = (f) => { onmessage = (e) => f(e.data) }, send = postMessage${script}`]))
  const worker = new globalThis.Worker(url)
  const { answer, resolve, fail, failure } = answers(() => {})
  worker.onmessage = resolve
  worker.onerror = (event) => fail(`failed: ${event.message}`)
  return {
    ...{ answer, failure },
    send: (message) => worker.postMessage(message),
    end: async () => {
      fail('was closed')
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}

/** Whether this host has fused multiply-add. Node 20 has it behind a flag, which is set here. */
export const fusable = async (): Promise<boolean> => {
  const m = module({ pages: 1, shared: false })
  const x = f32x4.const(1)
  m.define(undefined, [], (locals) => locals('v128').set(f32x4.relaxed_madd(x, x, x)))
  const here = (): boolean => WebAssembly.validate(m.binary())
  if (!here() && node) (await builtin<typeof import('node:v8')>('node:v8')).setFlagsFromString('--experimental-wasm-relaxed-simd')
  return here()
}

/** How many threads this host can run at once: its cores, or 1 where memory cannot be shared. */
export const cores = async (): Promise<number> => {
  if (typeof SharedArrayBuffer === 'undefined') return 1
  if (!node) return globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1
  return (await builtin<typeof import('node:os')>('node:os')).availableParallelism()
}

/** A system BLAS: the library, and the module that calls it. */
export interface Blas {
  readonly module: string
  readonly library: string
}
type Gemm = (...args: readonly number[]) => void
interface BlasModule {
  readonly found: () => string | undefined
  readonly products: (library: string, memory: WebAssembly.Memory, gemm: Gemm) => { readonly gemm: Gemm; readonly pack: () => void }
}
/** The BLAS of this machine, if koffi is installed and finds one. */
export const findBlas = async (): Promise<Blas | undefined> => {
  if (!node) return undefined
  const module = new URL('./blas.mjs', import.meta.url).href
  const { found } = await builtin<BlasModule>(module).catch(() => ({ found: () => undefined })) // koffi is an optional dependency
  const library = found()
  return library === undefined ? undefined : { module, library }
}
export const blasProducts = async (
  { module, library }: Blas,
  memory: WebAssembly.Memory,
  gemm: Gemm,
): Promise<ReturnType<BlasModule['products']>> => (await builtin<BlasModule>(module)).products(library, memory, gemm)
