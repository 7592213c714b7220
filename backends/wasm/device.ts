/**
 * A WebAssembly memory with its runtime: it keeps arrays, and runs programs over them, on as many threads as help.
 */
import type { Handle } from '../../core/index.ts'
import { type Half, half, type Narrow, widened } from '../../core/internal.ts'
import type { Program } from '../plan/program.ts'
import { workspace } from './gemm.ts'
import type { Blas, Host } from './host.ts'
import { bytesOf } from './lanes.ts'
import { type Collected, known, type Loaded, load, type Machine, make, type Resident } from './load.ts'
import { heap, type MemoryHeap } from './memory.ts'
import { mostThreads, runtime } from './runtime.ts'

export interface WasmDevice {
  readonly heap: MemoryHeap
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

export interface DeviceOptions {
  readonly host: Host
  readonly threads: number
  readonly blas?: Blas | undefined
  /** Fused multiplications and additions in products: see `fusable`. */
  readonly fused?: boolean
  /** Share programs and kernels however small: so that tests see every way to share. */
  readonly eager?: boolean
}

type Widen = (to: number, from: number, end: number) => void
/** A device, and the functions of its runtime that fill an array of float32 with narrower numbers. */
interface OpenedModule {
  readonly machine: Machine
  readonly widen: { readonly bf16: Widen; readonly f16: Widen }
}

export const device = async (options: DeviceOptions): Promise<WasmDevice> => {
  const { machine, widen } = await open(options)
  const { store, count } = machine
  return {
    heap: store,
    upload: (data) => {
      const handle = make(machine, data.length)
      store.floats().set(data, handle.address / 4)
      return handle
    },
    uploadNarrow: (data) => uploadNarrow(machine, data),
    uploadHalf: ({ format, bits }) => {
      const handle = make(machine, bits.length)
      const end = handle.address + 4 * bits.length
      // Into the second half of the array, from which the first is filled: what is written never overtakes what is read.
      store.halves().set(bits, (end - 2 * bits.length) / 2)
      widen[format](handle.address, end - 2 * bits.length, end)
      return handle
    },
    read: (handle) => read(machine, handle),
    free: (handle) => {
      const given = known(machine, handle)
      given.home = undefined
      count.alive--
      store.give(given.address, sizeOf(given))
    },
    live: () => count.alive,
    lately: () => {
      const { runs, alone } = count
      ;[count.runs, count.alone] = [0, 0]
      return { runs, alone }
    },
    load: (program) => load(machine, program),
    close: async () => {
      machine.closed = true
      await machine.team?.then(
        (pool) => pool.close(),
        () => {}, // it never started
      )
    },
  }
}

/** Reserve the memory and start the runtime. The workers start when the first program needs them. */
const open = async ({ host, threads, blas, fused = false, eager = false }: DeviceOptions): Promise<OpenedModule> => {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads))
    throw new RangeError(`wasm: threads must be a number from 1 to ${mostThreads}, but ${threads} were asked for`)
  const store = heap(threads > 1)
  const { memory, pages } = store
  const type = { pages, shared: threads > 1 }
  const common = await WebAssembly.compile(runtime(type, fused, host.blocks))
  const own = (await WebAssembly.instantiate(common, { host: { memory } })).exports
  const gemm = own.gemm as (...args: readonly number[]) => void // exported by `runtime`
  const widen = { bf16: own.widenBf16 as Widen, f16: own.widenF16 as Widen } // exported by `runtime`
  const services = blas === undefined ? own : { ...own, ...(await host.blasProducts(blas, memory, gemm)) }
  const gone: number[] = []
  const swept = new FinalizationRegistry<Collected>(({ number, list, bytes }) => {
    store.give(list, bytes)
    gone.push(number)
  })
  const machine: Machine = {
    ...{ host, threads, blas, eager, store, type, common, services, gone, swept },
    workspaces: store.take(threads * workspace),
    arena: { address: store.take(0), bytes: 0 },
    ...{ team: undefined, helpers: undefined, broken: undefined, closed: false },
    count: { alive: 0, programs: 0, runs: 0, alone: 0 },
  }
  return { machine, widen }
}

/** What an array takes: one that is kept narrow is read by whole vectors, beyond its end. */
const sizeOf = ({ size, storage }: Pick<Resident, 'size' | 'storage'>): number => bytesOf(storage) * size + (storage === undefined ? 0 : 16)

const uploadNarrow = ({ store, count }: Machine, { format, bits, length }: Narrow): Resident => {
  count.alive++
  const handle = { size: length, address: store.take(sizeOf({ size: length, storage: format })), storage: format, home: store }
  if (format === 'bf16') store.halves().set(bits, handle.address / 2)
  else new Int8Array(store.memory.buffer).set(bits, handle.address)
  return handle
}

const read = (machine: Machine, handle: Handle): Float32Array => {
  const { store } = machine
  const { address, size, storage } = known(machine, handle)
  if (storage === 'bf16') return widened(half('bf16', store.halves().slice(address / 2, address / 2 + size)))
  if (storage === 'i8') return Float32Array.from(new Int8Array(store.memory.buffer, address, size))
  return new Float32Array(store.floats().subarray(address / 4, address / 4 + size))
}
