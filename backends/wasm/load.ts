/**
 * The state of a device, and programs in it: a program is printed, compiled, given to the workers, and then run over arrays of the memory.
 */
import type { Handle } from '../../core/index.ts'
import type { Storage } from '../../core/internal.ts'
import type { Program } from '../plan/program.ts'
import { adaptive, type ThreadChoice } from './adaptive.ts'
import type { Blas, Host } from './host.ts'
import type { MemoryHeap } from './memory.ts'
import type { MemoryType } from './module.ts'
import { type ThreadPool, threadPool } from './pool.ts'
import { type PrintedModule, print } from './print.ts'
import { control } from './runtime.ts'

/** An array in the memory of a device, at home there until it is freed or donated. */
export interface Resident extends Handle {
  readonly address: number
  readonly storage?: Storage
  home: MemoryHeap | undefined
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

/** What a device is made of, and what changes while it works. */
export interface Machine {
  readonly host: Host
  readonly threads: number
  readonly blas: Blas | undefined
  /** Share programs and kernels however small. */
  readonly eager: boolean
  readonly store: MemoryHeap
  readonly type: MemoryType
  /** The runtime, and what programs import of it. */
  readonly common: WebAssembly.Module
  readonly services: WebAssembly.ModuleImports
  /** The address of the workspaces of all threads. */
  readonly workspaces: number
  /** The scratch that all programs share, one after the other. */
  arena: { readonly address: number; readonly bytes: number }
  /** The workers, as soon as a program needs them; and once they have started. */
  team: Promise<ThreadPool> | undefined
  helpers: ThreadPool | undefined
  /** What a program threw in the middle of a run: whoever waits for this thread then waits for ever. */
  broken: unknown
  closed: boolean
  /** How many arrays live, how many programs were loaded, how many shared ones were run lately, and how many of those by one thread. */
  readonly count: { alive: number; programs: number; runs: number; alone: number }
  /** Programs that were collected: their memory is given back, and the workers forget them when they next listen. */
  readonly gone: number[]
  readonly swept: FinalizationRegistry<Collected>
}
/** What is left of a program that nobody can run any more: its number and its list of arguments. */
export interface Collected {
  readonly number: number
  readonly list: number
  readonly bytes: number
}

/** @throws what ended the device */
export const check = ({ closed, broken, helpers }: Machine): void => {
  if (closed) throw new TypeError('wasm: this backend is closed')
  if (broken !== undefined) throw broken
  helpers?.check()
}
/** An array of `size` float32 numbers. */
export const make = ({ store, count }: Machine, size: number): Resident => {
  count.alive++
  return { size, address: store.take(4 * size), home: store }
}
/** @throws TypeError for an array that is not at home here */
export const known = ({ store }: Machine, handle: Handle): Resident => {
  const mine = handle as Resident // if it has this home, it was made here
  if (mine.home !== store) throw new TypeError('wasm: this array was freed, donated, or belongs to another device')
  return mine
}

type KernelEntry = (list: number, thread: number, threads: number) => void
/** A program that is ready to run. */
interface WorkerJob {
  readonly program: Program
  readonly number: number
  readonly main: KernelEntry
  /** The address of its arguments, and what writes into them where the array of a slot is. */
  readonly list: number
  readonly place: (slot: number, address: number) => void
  readonly pool: ThreadPool | undefined
  readonly taking: ThreadChoice
}

export const load = async (d: Machine, program: Program): Promise<Loaded> => {
  check(d)
  const { store, threads, blas } = d
  const printed = print(program, d.type, threads, d.eager, blas !== undefined)
  const module = await WebAssembly.compile(printed.binary)
  const instance = await WebAssembly.instantiate(module, { host: { memory: store.memory, ...d.services } })
  const number = d.count.programs++
  const worthwhile = threads > 1 && (d.eager || milliseconds(program) > leastShared)
  if (worthwhile) d.team ??= threadPool(d.host, store, d.common, threads, blas)
  const pool = worthwhile ? await d.team : undefined
  d.helpers ??= pool
  await pool?.load(number, module, d.gone.splice(0))
  growArena(d, 4 * printed.arena)
  const bytes = 4 * printed.arguments.length
  const list = store.take(bytes)
  const main = instance.exports.main as KernelEntry // exported by `print`
  const taking = adaptive(pool?.threads ?? 1, tolerance * milliseconds(program))
  const place = placing(store, list, printed, 2 + program.inputs.length + program.outputs.length)
  const job: WorkerJob = { program, number, main, list, place, pool, taking }
  const run = (given: readonly Handle[]): readonly Resident[] => {
    check(d)
    const outputs = placeArrays(d, job, given)
    execute(d, job)
    return outputs
  }
  const step = (i: number): void => {
    const { task, at } = printed.steps[i]!
    ;(instance.exports[task] as KernelEntry)(list + 4 * at, 0, 1) // exported by `print`
  }
  d.swept.register(run, { number, list, bytes })
  const names = printed.steps.map(({ name }) => name)
  return { run, steps: names, step, bytes: printed.binary.length, threads: pool?.threads ?? 1 }
}

const growArena = (d: Machine, bytes: number): void => {
  if (bytes <= d.arena.bytes) return
  d.store.give(d.arena.address, d.arena.bytes)
  d.arena = { address: d.store.take(bytes), bytes }
}

/** What writes the address of a slot's array into the list: only where it has changed. */
const placing = (store: MemoryHeap, list: number, printed: PrintedModule, slots: number): WorkerJob['place'] => {
  const places: number[] = []
  /** By slot, the words of the list that are addresses inside its array. */
  const uses = Array.from({ length: slots }, (): { word: number; bytes: number }[] => [])
  for (const [i, { slot, offset, unit = 4 }] of printed.arguments.entries()) uses[slot]!.push({ word: list / 4 + i, bytes: unit * offset })
  return (slot, address) => {
    if (places[slot] === address) return
    places[slot] = address
    const words = store.integers()
    for (const { word, bytes } of uses[slot]!) words[word] = address + bytes
  }
}

/** Tell the program where its inputs are, and its outputs, which are made, or take over what is donated. */
const placeArrays = (d: Machine, { program, place }: WorkerJob, given: readonly Handle[]): readonly Resident[] => {
  const inputs = given.map((handle, i) => {
    const input = known(d, handle)
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
    const output = donated === undefined ? make(d, size) : { size, address: inputs[donated]!.address, home: d.store }
    if (donated !== undefined) inputs[donated]!.home = undefined
    place(2 + inputs.length + i, output.address)
    return output
  })
  place(0, d.arena.address)
  place(1, d.workspaces)
  return outputs
}

/** Run the program on as many threads as are faster. */
const execute = (d: Machine, { number, main, list, pool, taking }: WorkerJob): void => {
  const start = performance.now()
  const count = taking.threads(start)
  if (count > 1) pool?.start(number, list, count)
  try {
    main(list, 0, count)
  } catch (error) {
    d.broken = error
    void pool?.close()
    throw error
  }
  if (count > 1) pool?.check()
  if (pool === undefined) return
  taking.took(count, performance.now() - start, d.store.integers()[control.polls / 4]!)
  d.count.runs++
  if (count === 1) d.count.alone++
}

/** The estimate of what one thread takes may be wrong by so much. */
const tolerance = 3
/** Smaller programs (in milliseconds) are run alone: threads take 50 µs to wake. */
const leastShared = 0.1
/** About how long a program takes on one thread. */
const milliseconds = ({ kernels }: Program): number => kernels.reduce((ms, { cost }) => ms + cost.flops / 4e7 + cost.bytes / 2e7, 0)
