/**
 * A WebAssembly memory with its runtime: it keeps arrays, and runs programs over them. Single-threaded; `crew` adds threads.
 */
import type { Handle } from '../../core/index.ts'
import type { Program } from '../plan/program.ts'
import { workspace } from './gemm.ts'
import { type Heap, heap } from './memory.ts'
import { print } from './print.ts'
import { runtime } from './runtime.ts'

/** An array in the memory of a device. */
export interface Resident extends Handle {
  readonly address: number
}
export interface Loaded {
  readonly run: (inputs: readonly Handle[]) => readonly Resident[]
  /** Names of the steps, and how to run one of them after `run` (on the arrays of that run): for profiles. */
  readonly steps: readonly string[]
  readonly step: (i: number) => void
  readonly bytes: number
}
export interface Device {
  readonly heap: Heap
  readonly upload: (data: ArrayLike<number>) => Resident
  readonly read: (handle: Handle) => Float32Array
  readonly free: (handle: Handle) => void
  readonly live: () => number
  readonly load: (program: Program) => Promise<Loaded>
  readonly close: () => Promise<void>
}
type Entry = (list: number, thread: number, threads: number) => void

export const device = async (): Promise<Device> => {
  const store = heap(false)
  const { memory, pages } = store
  const type = { pages, shared: false }
  const services = (await WebAssembly.instantiate(runtime(type), { host: { memory } })).instance.exports
  const workspaces = store.take(workspace)
  const alive = new Set<Handle>()
  let arena = { address: store.take(0), bytes: 0 }

  const make = (size: number): Resident => {
    const handle = { size, address: store.take(4 * size) }
    alive.add(handle)
    return handle
  }
  const known = (handle: Handle): Resident => {
    if (!alive.has(handle)) throw new TypeError('wasm: this array was freed, donated, or belongs to another device')
    return handle as Resident // every handle in `alive` was made above
  }
  const free = (handle: Handle): void => {
    const { address, size } = known(handle)
    alive.delete(handle)
    store.give(address, 4 * size)
  }
  const load = async (program: Program): Promise<Loaded> => {
    const printed = print(program, type, 1)
    const { instance } = await WebAssembly.instantiate(printed.binary, { host: { memory, ...services } })
    const bytes = 4 * printed.arena
    if (bytes > arena.bytes) {
      store.give(arena.address, arena.bytes)
      arena = { address: store.take(bytes), bytes }
    }
    const list = store.take(4 * printed.arguments.length)
    const main = instance.exports.main as Entry
    let places: readonly number[] = []
    /** Tell the program where its arrays are, if that has changed. */
    const place = (slots: readonly number[]): void => {
      if (slots.every((address, i) => address === places[i])) return
      places = slots
      const words = store.integers()
      printed.arguments.forEach(({ slot, offset }, i) => {
        words[list / 4 + i] = slots[slot]! + 4 * offset
      })
    }
    const run = (given: readonly Handle[]): readonly Resident[] => {
      const inputs = given.map(known)
      inputs.forEach(({ size }, i) => {
        if (size !== program.inputs[i]) throw new RangeError(`wasm: input ${i} has ${program.inputs[i]} elements, but ${size} were given`)
      })
      const outputs = program.outputs.map(({ size, donated }): Resident => {
        if (donated === undefined) return make(size)
        const { address } = inputs[donated]!
        alive.delete(inputs[donated]!)
        const handle = { size, address }
        alive.add(handle)
        return handle
      })
      place([arena.address, workspaces, ...inputs.map((x) => x.address), ...outputs.map((x) => x.address)])
      main(list, 0, 1)
      return outputs
    }
    const step = (i: number): void => {
      const { task, at } = printed.steps[i]!
      ;(instance.exports[task] as Entry)(list + 4 * at, 0, 1) // exported by `print`
    }
    return { run, steps: printed.steps.map(({ name }) => name), step, bytes: printed.binary.length }
  }
  return {
    heap: store,
    upload: (data) => {
      const handle = make(data.length)
      store.floats().set(data, handle.address / 4)
      return handle
    },
    read: (handle) => {
      const { address, size } = known(handle)
      return new Float32Array(store.floats().subarray(address / 4, address / 4 + size))
    },
    free,
    live: () => alive.size,
    load,
    close: async () => {},
  }
}
