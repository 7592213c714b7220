/**
 * Threads: workers that run the same programs over the same memory, each its share of every kernel.
 *
 * A worker sleeps on its ticket. To run a program, the main thread writes which one into the control block, counts up the tickets
 * of those who take part, and does its own share; the last barrier of the program ends it for all. To receive messages (new
 * programs), a worker is told to listen: it returns to its event loop, answers, and goes back to sleep.
 */
import type { Blas, Host } from './host.ts'
import type { MemoryHeap } from './memory.ts'
import { control } from './runtime.ts'

export interface ThreadPool {
  readonly threads: number
  /** Teach every worker a program, and let it forget others. */
  readonly load: (program: number, module: WebAssembly.Module, forget: readonly number[]) => Promise<void>
  /** Start the first workers on a program; the caller is thread 0, and runs it too. @throws Error where a worker runs no more */
  readonly start: (program: number, list: number, threads: number) => void
  /** @throws Error where a worker has failed: what it was to compute was not computed */
  readonly check: () => void
  readonly close: () => Promise<void>
}
const commands = { run: 0, listen: 1 } as const
/** How often a worker looks before it sleeps: about 0.2 ms. Waking takes 50 µs, as long as a small program. */
const patience = 100000

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
    try {
      programs[words[${control.program / 4}]](words[${control.list / 4}], thread, words[${control.threads / 4}])
    } catch {
      // The others must not wait for this thread: it comes to every barrier, until it is ended.
      Atomics.store(words, ${control.failed / 4}, 1)
      for (;;) services.barrier(thread, words[${control.threads / 4}])
    }
  }
}
receive(async (message) => {
  if (message.runtime !== undefined) {
    memory = message.memory
    thread = message.thread
    services = { ...new WebAssembly.Instance(message.runtime, { host: { memory } }).exports }
    if (message.blas !== undefined) Object.assign(services, (await import(message.blas.module)).products(message.blas.library, memory, services.gemm))
  } else {
    for (const program of message.forget) delete programs[program]
    programs[message.program] = new WebAssembly.Instance(message.module, { host: { memory, ...services } }).exports.main
  }
  send('ready')
  serve()
})`

/** Start `threads − 1` workers. */
export const threadPool = async (
  host: Host,
  heap: MemoryHeap,
  runtime: WebAssembly.Module,
  threads: number,
  blas: Blas | undefined,
): Promise<ThreadPool> => {
  const workers = await Promise.all(Array.from({ length: threads - 1 }, () => host.spawn(script)))
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
  /** What is wrong, if anything: that a worker has ended, or has met a trap inside a program. */
  const check = (): void => {
    const failure = workers.map((worker) => worker.failure()).find((found) => found !== undefined)
    if (failure !== undefined) throw failure
    if (Atomics.load(words, control.failed / 4) !== 0) throw new Error('wasm: a worker failed inside a program: open the backend again')
  }
  await tell((thread) => ({ memory: heap.memory, runtime, thread, blas }))
  return {
    threads,
    check,
    load: async (program, module, forget) => {
      check()
      words[control.command / 4] = commands.listen
      for (let thread = 1; thread < threads; thread++) call(thread)
      return tell(() => ({ program, module, forget }))
    },
    start: (program, list, taking) => {
      check()
      words[control.command / 4] = commands.run
      words[control.polls / 4] = 0
      words[control.program / 4] = program
      words[control.list / 4] = list
      words[control.threads / 4] = taking
      for (let thread = 1; thread < taking; thread++) call(thread)
    },
    close: async () => void (await Promise.all(workers.map(({ end }) => end()))),
  }
}
