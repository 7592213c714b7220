/**
 * A WebAssembly memory with its runtime: it keeps arrays, and runs programs over them, on as many threads as help.
 */
import type { Handle } from '../../core/index.ts'
import { type Half, half, type Narrow, type Storage, widened } from '../../core/internal.ts'
import type { Program } from '../plan/program.ts'
import { adaptive } from './adaptive.ts'
import { workspace } from './gemm.ts'
import type { Blas, Host } from './host.ts'
import { bytesOf } from './lanes.ts'
import { type Heap, heap } from './memory.ts'
import { type ThreadPool, threadPool } from './pool.ts'
import { print } from './print.ts'
import { control, mostThreads, runtime } from './runtime.ts'

/** An array in the memory of a device, at home there until it is freed or donated. */
export interface Resident extends Handle {
  readonly address: number
  readonly storage?: Storage
  home: Heap | undefined
}
export interface Loaded {
  readonly run: (inputs: readonly Handle[]) => readonly Resident[]
  /** Names of the steps, and how to run one of them after `run` (on the arrays of that run): for profiles. */
  readonly steps: readonly string[]
  readonly step: (i: number) => void
  readonly bytes: number
  /** How many threads may take part. */
  readonly threads: number
}
export interface Device {
  readonly heap: Heap
  readonly upload: (data: ArrayLike<number>) => Resident
  readonly uploadHalf: (data: Half) => Resident
  readonly uploadNarrow: (data: Narrow) => Resident
  readonly read: (handle: Handle) => Float32Array
  readonly free: (handle: Handle) => void
  readonly live: () => number
  /** How many shared programs were run since this was last asked, and how many of them by one thread, as that was faster. */
  readonly lately: () => { readonly runs: number; readonly alone: number }
  readonly load: (program: Program) => Promise<Loaded>
  readonly close: () => Promise<void>
}
/** What an array takes: one that is kept narrow is read by whole vectors, beyond its end. */
const sizeOf = ({ size, storage }: Pick<Resident, 'size' | 'storage'>): number => bytesOf(storage) * size + (storage === undefined ? 0 : 16)

type Widen = (to: number, from: number, end: number) => void
type Entry = (list: number, thread: number, threads: number) => void

export interface DeviceOptions {
  readonly host: Host
  readonly threads: number
  readonly blas?: Blas | undefined
  /** Fused multiplications and additions in products: see `fusable`. */
  readonly fused?: boolean
  /** Share programs and kernels however small: so that tests see every way to share. */
  readonly eager?: boolean
}

export const device = async ({ host, threads, blas, fused = false, eager = false }: DeviceOptions): Promise<Device> => {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads))
    throw new RangeError(`wasm: threads must be a number from 1 to ${mostThreads}, but ${threads} were asked for`)
  const store = heap(threads > 1)
  const { memory, pages } = store
  const type = { pages, shared: threads > 1 }
  const common = await WebAssembly.compile(runtime(type, fused))
  const own = (await WebAssembly.instantiate(common, { host: { memory } })).exports
  const gemm = own.gemm as (...args: readonly number[]) => void // exported by `runtime`
  const widen = { bf16: own.widenBf16 as Widen, f16: own.widenF16 as Widen } // exported by `runtime`
  const services = blas === undefined ? own : { ...own, ...(await host.blasProducts(blas, memory, gemm)) }
  const workspaces = store.take(threads * workspace)
  let alive = 0
  let arena = { address: store.take(0), bytes: 0 }
  let team: Promise<ThreadPool> | undefined
  let programs = 0
  /** Programs that were collected: their memory is given back, and the workers forget them when they next listen. */
  const gone: number[] = []
  const swept = new FinalizationRegistry(({ number, list, bytes }: { number: number; list: number; bytes: number }) => {
    store.give(list, bytes)
    gone.push(number)
  })
  let closed = false
  let [runs, alone] = [0, 0]
  /** The workers, once they have started; and what a program has thrown in the middle, when all that wait for this thread wait for ever. */
  let helpers: ThreadPool | undefined
  let broken: unknown
  /** @throws what ended the device */
  const check = (): void => {
    if (closed) throw new TypeError('wasm: this backend is closed')
    if (broken !== undefined) throw broken
    helpers?.check()
  }

  const make = (size: number): Resident => {
    alive++
    return { size, address: store.take(4 * size), home: store }
  }
  const known = (handle: Handle): Resident => {
    const mine = handle as Resident // if it has this home, it was made here
    if (mine.home !== store) throw new TypeError('wasm: this array was freed, donated, or belongs to another device')
    return mine
  }
  const load = async (program: Program): Promise<Loaded> => {
    check()
    const printed = print(program, type, threads, eager, blas !== undefined)
    const module = await WebAssembly.compile(printed.binary)
    const instance = await WebAssembly.instantiate(module, { host: { memory, ...services } })
    const number = programs++
    const worthwhile = threads > 1 && (eager || milliseconds(program) > leastShared)
    if (worthwhile) team ??= threadPool(host, store, common, threads, blas)
    const pool = worthwhile ? await team : undefined
    helpers ??= pool
    await pool?.load(number, module, gone.splice(0))
    const bytes = 4 * printed.arena
    if (bytes > arena.bytes) {
      store.give(arena.address, arena.bytes)
      arena = { address: store.take(bytes), bytes }
    }
    const listed = 4 * printed.arguments.length
    const list = store.take(listed)
    const main = instance.exports.main as Entry // exported by `print`
    const taking = adaptive(pool?.threads ?? 1, tolerance * milliseconds(program))
    /** Where the arrays are, by slot; and the words of the list that are addresses inside each. */
    const places: number[] = []
    const uses = Array.from({ length: 2 + program.inputs.length + program.outputs.length }, (): { word: number; bytes: number }[] => [])
    for (const [i, { slot, offset, unit = 4 }] of printed.arguments.entries())
      uses[slot]!.push({ word: list / 4 + i, bytes: unit * offset })
    const place = (slot: number, address: number): void => {
      if (places[slot] === address) return
      places[slot] = address
      const words = store.integers()
      for (const { word, bytes } of uses[slot]!) words[word] = address + bytes
    }
    const run = (given: readonly Handle[]): readonly Resident[] => {
      check()
      const inputs = given.map((handle, i) => {
        const input = known(handle)
        if (input.size !== program.inputs[i])
          throw new RangeError(`wasm: input ${i} has ${program.inputs[i]} elements, but ${input.size} were given`)
        if (input.storage !== program.storage?.[i])
          throw new TypeError(
            `wasm: input ${i} is kept as ${input.storage ?? 'float32'}, but the program reads ${program.storage?.[i] ?? 'float32'}`,
          )
        place(2 + i, input.address)
        return input
      })
      const outputs = program.outputs.map(({ size, donated }, i): Resident => {
        const output = donated === undefined ? make(size) : { size, address: inputs[donated]!.address, home: store }
        if (donated !== undefined) inputs[donated]!.home = undefined
        place(2 + inputs.length + i, output.address)
        return output
      })
      place(0, arena.address)
      place(1, workspaces)
      const start = performance.now()
      const count = taking.threads(start)
      if (count > 1) pool?.start(number, list, count)
      try {
        main(list, 0, count)
      } catch (error) {
        broken = error
        void pool?.close()
        throw error
      }
      if (count > 1) pool?.check()
      if (pool === undefined) return outputs
      taking.took(count, performance.now() - start, store.integers()[control.polls / 4]!)
      runs++
      if (count === 1) alone++
      return outputs
    }
    const step = (i: number): void => {
      const { task, at } = printed.steps[i]!
      ;(instance.exports[task] as Entry)(list + 4 * at, 0, 1) // exported by `print`
    }
    swept.register(run, { number, list, bytes: listed })
    const names = printed.steps.map(({ name }) => name)
    return { run, steps: names, step, bytes: printed.binary.length, threads: pool?.threads ?? 1 }
  }
  return {
    heap: store,
    upload: (data) => {
      const handle = make(data.length)
      store.floats().set(data, handle.address / 4)
      return handle
    },
    uploadNarrow: ({ format, bits, length }) => {
      alive++
      const handle = { size: length, address: store.take(sizeOf({ size: length, storage: format })), storage: format, home: store }
      if (format === 'bf16') store.halves().set(bits, handle.address / 2)
      else new Int8Array(memory.buffer).set(bits, handle.address)
      return handle
    },
    uploadHalf: ({ format, bits }) => {
      const handle = make(bits.length)
      const end = handle.address + 4 * bits.length
      // Into the second half of the array, from which the first is filled: what is written never overtakes what is read.
      store.halves().set(bits, (end - 2 * bits.length) / 2)
      widen[format](handle.address, end - 2 * bits.length, end)
      return handle
    },
    read: (handle) => {
      const { address, size, storage } = known(handle)
      if (storage === 'bf16') return widened(half('bf16', store.halves().slice(address / 2, address / 2 + size)))
      if (storage === 'i8') return Float32Array.from(new Int8Array(memory.buffer, address, size))
      return new Float32Array(store.floats().subarray(address / 4, address / 4 + size))
    },
    free: (handle) => {
      const given = known(handle)
      given.home = undefined
      alive--
      store.give(given.address, sizeOf(given))
    },
    live: () => alive,
    lately: () => {
      const told = { runs, alone }
      ;[runs, alone] = [0, 0]
      return told
    },
    load,
    close: async () => {
      closed = true
      await team?.then(
        (pool) => pool.close(),
        () => {}, // it never started
      )
    },
  }
}

/** The estimate of what one thread takes may be wrong by so much. */
const tolerance = 3
/** Smaller programs (in milliseconds) are run alone: threads take 50 µs to wake. */
const leastShared = 0.1
/** About how long a program takes on one thread. */
const milliseconds = ({ kernels }: Program): number => kernels.reduce((ms, { cost }) => ms + cost.flops / 4e7 + cost.bytes / 2e7, 0)
