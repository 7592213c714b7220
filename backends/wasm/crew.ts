/**
 * Threads: workers that run the same programs over the same memory, each its share of every kernel.
 *
 * A worker sleeps on its ticket. To run a program, the main thread writes which one into the control block, counts up the tickets
 * of those who take part, and does its own share; the last barrier of the program ends it for all. To receive messages (new
 * programs), a worker is told to listen: it returns to its event loop, answers, and goes back to sleep.
 */
import { f32x4 } from './instructions.ts'
import type { Heap } from './memory.ts'
import { module } from './module.ts'
import { control } from './runtime.ts'

export interface Crew {
  readonly threads: number
  /** Teach every worker a program. */
  readonly load: (program: number, module: WebAssembly.Module) => Promise<void>
  /** Start the first workers on a program; the caller is thread 0, and runs it too. */
  readonly start: (program: number, list: number, threads: number) => void
  readonly close: () => Promise<void>
}
/** A worker of this host, whatever the host. */
interface Worker {
  readonly send: (message: unknown) => void
  readonly answer: () => Promise<void>
  readonly end: () => Promise<void>
}

const commands = { run: 0, listen: 1 } as const
/** How often a worker looks before it sleeps: about 50 µs, the time that waking takes. */
const patience = 20000

/** What a worker executes. It must not need anything but the language: browsers run it too. `receive` and `send` come from the host. */
const script = `
const programs = []
let memory, services, thread, seen = 0
const serve = () => {
  const words = new Int32Array(memory.buffer)
  const ticket = (${control.ticket(0)} + thread * ${control.ticket(1) - control.ticket(0)}) / 4
  for (;;) {
    for (let looks = 0; Atomics.load(words, ticket) === seen; looks++) if (looks > ${patience}) Atomics.wait(words, ticket, seen)
    seen++
    if (words[${control.command / 4}] === ${commands.listen}) return
    programs[words[${control.program / 4}]](words[${control.list / 4}], thread, words[${control.threads / 4}])
  }
}
receive(async (message) => {
  if (message.runtime !== undefined) {
    memory = message.memory
    thread = message.thread
    services = { ...new WebAssembly.Instance(message.runtime, { host: { memory } }).exports }
    if (message.blas !== undefined) services.gemm = (await import(message.blas.module)).products(message.blas.library, memory, services.gemm)
  } else programs[message.program] = new WebAssembly.Instance(message.module, { host: { memory, ...services } }).exports.main
  send('ready')
  serve()
})`

/** Start `threads − 1` workers. */
export const crew = async (heap: Heap, runtime: WebAssembly.Module, threads: number, blas: Blas | undefined): Promise<Crew> => {
  const workers = await Promise.all(Array.from({ length: threads - 1 }, spawn))
  const words = heap.integers() // the control block stays where it is when memory grows
  const call = (thread: number): void => {
    Atomics.add(words, control.ticket(thread) / 4, 1)
    Atomics.notify(words, control.ticket(thread) / 4)
  }
  const tell = async (message: (thread: number) => unknown): Promise<void> => {
    await Promise.all(
      workers.map(({ send, answer }, i) => {
        const ready = answer()
        send(message(i + 1))
        return ready
      }),
    )
  }
  await tell((thread) => ({ memory: heap.memory, runtime, thread, blas }))
  return {
    threads,
    load: (program, module) => {
      words[control.command / 4] = commands.listen
      for (let thread = 1; thread < threads; thread++) call(thread)
      return tell(() => ({ program, module }))
    },
    start: (program, list, taking) => {
      words[control.command / 4] = commands.run
      words[control.program / 4] = program
      words[control.list / 4] = list
      words[control.threads / 4] = taking
      for (let thread = 1; thread < taking; thread++) call(thread)
    },
    close: async () => void (await Promise.all(workers.map(({ end }) => end()))),
  }
}

/** A system BLAS: the library, and the module that calls it. */
export interface Blas {
  readonly module: string
  readonly library: string
}
type Gemm = (...args: readonly number[]) => void
interface BlasModule {
  readonly found: () => string | undefined
  readonly products: (library: string, memory: WebAssembly.Memory, gemm: Gemm) => Gemm
}
/** The BLAS of this machine, if koffi is installed and finds one. */
export const findBlas = async (): Promise<Blas | undefined> => {
  if (!node) return undefined
  const module = new URL('./blas.mjs', import.meta.url).href
  const { found } = await builtin<BlasModule>(module).catch(() => ({ found: () => undefined })) // koffi is an optional dependency
  const library = found()
  return library === undefined ? undefined : { module, library }
}
export const blasProducts = async ({ module, library }: Blas, memory: WebAssembly.Memory, gemm: Gemm): Promise<Gemm> =>
  (await builtin<BlasModule>(module)).products(library, memory, gemm)

const node = typeof process === 'object' && typeof process.versions?.node === 'string'
/** Only Node has these modules, and bundlers for browsers must not look for them. */
const builtin = <M>(name: string): Promise<M> => import(/* @vite-ignore */ name)

const spawn = async (): Promise<Worker> => {
  if (!node) return browserWorker()
  const { Worker } = await builtin<typeof import('node:worker_threads')>('node:worker_threads')
  const prologue = `const { parentPort } = require('node:worker_threads')
const receive = (f) => parentPort.on('message', f), send = (x) => parentPort.postMessage(x)`
  const worker = new Worker(`${prologue}${script}`, { eval: true, name: 'halograd' })
  worker.unref()
  return {
    send: (message) => worker.postMessage(message),
    answer: () =>
      new Promise((resolve, reject) => {
        worker.ref() // whoever awaits the answer keeps the process alive, nobody else
        worker.once('error', reject)
        worker.once('message', () => {
          worker.off('error', reject)
          worker.unref()
          resolve()
        })
      }),
    end: async () => void (await worker.terminate()),
  }
}

const browserWorker = (): Worker => {
  const url = URL.createObjectURL(new Blob([`const receive = (f) => { onmessage = (e) => f(e.data) }, send = postMessage${script}`]))
  const worker = new globalThis.Worker(url)
  return {
    send: (message) => worker.postMessage(message),
    answer: () =>
      new Promise((resolve, reject) => {
        worker.onmessage = () => resolve()
        worker.onerror = (event) => reject(new Error(`wasm: a worker failed: ${event.message}`))
      }),
    end: async () => {
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
