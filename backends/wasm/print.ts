/**
 * A program as one WebAssembly module: a function for each kernel that is unlike all others, and
 *
 *     main(arguments, thread, threads)
 *
 * which calls them in order, with barriers where they are needed. Where the arrays of a run lie is written into `arguments` beforehand.
 */
import type { DotGeneral, FusedKernel, Program } from '../plan/program.ts'
import { meet, type Region, regions } from '../plan/regions.ts'
import { bitsOf } from './bytes.ts'
import { oriented } from './contract.ts'
import { type Local, seq, when } from './control.ts'
import { type Code, type I32Code, i32 } from './instructions.ts'
import { bytesOf, neutral, padded } from './lanes.ts'
import { type MemoryType, type Module, module } from './module.ts'
import { services } from './runtime.ts'
import { type DotGeneralTask, dotGeneralTask, type FusedTask, fusedTask } from './task.ts'
import { type WaitedWork, waits } from './waits.ts'

/** An element of an array: of the arena (slot 0), the workspaces (1), the inputs (from 2), or the outputs (after those). */
export interface Address {
  readonly slot: number
  /** In elements, of so many bytes (default 4). */
  readonly offset: number
  readonly unit?: number
}
export interface PrintedModule {
  readonly binary: Uint8Array<ArrayBuffer>
  /** Length of the arena, in elements: the planner's scratch, partial results, and rows that threads stash. */
  readonly arena: number
  readonly arguments: readonly Address[]
  /** The kernels in order: the export that runs one, and where its arguments begin. */
  readonly steps: readonly { readonly name: string; readonly task: string; readonly at: number }[]
}
interface PrintedStep extends WaitedWork {
  readonly code: (list: Local<'i32'>, thread: Local<'i32'>, threads: Local<'i32'>) => Code
}
type WithName<T> = T & { readonly name: string }
type Calls = { readonly [name in keyof typeof services]: (...args: readonly I32Code[]) => Code }

/** A module being written. */
interface Printer {
  readonly program: Program
  readonly m: Module
  /** The services of the runtime. */
  readonly call: Calls
  readonly threads: number
  readonly blas: boolean
  /** Kernels with less to do than this are not worth sharing. */
  readonly worth: number
  /** Where each buffer lies. */
  readonly places: readonly Region[]
  /** Functions of kernels, by their structure. */
  readonly products: Map<string, WithName<DotGeneralTask>>
  readonly fused: Map<string, WithName<FusedTask>>
}
/** Where partial results and stashed rows begin in the arena, after the planner's scratch. */
interface Arena {
  readonly partials: number
  readonly memories: number
}
/** The calls of kernels, in order, and the list of their arguments. */
interface Script {
  readonly arena: Arena
  readonly list: Address[]
  readonly steps: PrintedStep[]
  readonly named: { readonly name: string; readonly task: string; readonly at: number }[]
}

/** Kernels with less to do than this (primitives computed, or a quarter of the multiplications) are not worth sharing. */
const little = 1 << 11

/** `blas`: products are shared such that a BLAS, which rounds by the size of a call, rounds alike at any number of threads. */
export const print = (program: Program, memory: MemoryType, threads: number, eager: boolean, blas = false): PrintedModule => {
  const m = module(memory)
  const printer: Printer = {
    ...{ program, m, threads, blas },
    call: importServices(m),
    worth: eager ? 0 : little,
    places: regions(program),
    ...{ products: new Map(), fused: new Map() },
  }
  // Every function is defined before the sizes of the arena are known.
  const tasks = program.kernels.map((kernel) =>
    kernel.kind === 'fused' ? { ...fusedTaskOf(printer, kernel), kernel } : { ...dotGeneralTaskOf(printer, kernel), kernel },
  )
  const most = (of: (task: FusedTask) => number): number => Math.max(0, ...[...printer.fused.values()].map(of))
  const partials = padded(program.scratch)
  const arena = { partials, memories: partials + most((task) => task.partial) }
  const script: Script = { arena, list: [], steps: [], named: [] }
  for (const task of tasks)
    if (task.kind === 'fused') callFused(printer, script, task.kernel, task)
    else callDotGeneral(printer, script, task.kernel, task)
  defineMain(printer, script.steps)
  return {
    binary: m.binary(),
    arena: arena.memories + threads * most((task) => task.memory),
    arguments: script.list,
    steps: script.named,
  }
}

const importServices = (m: Module): Calls => {
  const imported = Object.entries(services).map(([name, count]) => [
    name,
    m.import(
      name,
      Array.from({ length: count }, () => 'i32' as const),
    ),
  ])
  return Object.fromEntries(imported)
}

// ------------------------------------------------------------------ functions

/** The function of a product: kernels that differ in their addresses alone have the same. */
const dotGeneralTaskOf = ({ m, call, threads, worth, blas, products }: Printer, kernel: DotGeneral): WithName<DotGeneralTask> => {
  const { a, b, c, m: height, n, k, loops, parts, accumulate } = kernel
  const key = JSON.stringify([height, n, k, [a, b, c].map(({ row, column }) => [row, column]), loops, parts, accumulate])
  const name = `c${products.size}`
  const made = products.get(key) ?? { ...dotGeneralTask(m, name, kernel, call, threads, worth, blas), name }
  products.set(key, made)
  return made
}

/** The function of a fused kernel, likewise. */
const fusedTaskOf = ({ program, m, call, worth, places, fused }: Printer, kernel: FusedKernel): WithName<FusedTask> => {
  const { buffers } = program
  const { loops, inner, streams, body, triangle } = kernel
  const stores = body.filter((i) => i.op === 'store')
  const written = stores.map((i) => streams[i.stream]!.buffer)
  const overwritten = streams.map(({ buffer }) => written.some((other) => meet(places[buffer]!, places[other]!)))
  const merged = stores.map(({ stream, merge }) =>
    merge === undefined ? 0 : [streams[stream]!.offset, buffers[streams[stream]!.buffer]!.size],
  )
  const walks = streams.map(({ outer, inner: step, storage }) => [outer, step, storage])
  const key = JSON.stringify([loops.map(({ size }) => size), inner.size, walks, body, triangle, overwritten, merged])
  const name = `r${fused.size}`
  const made = fused.get(key) ?? { ...fusedTask(m, name, kernel, program, overwritten, call.fill, worth), name }
  fused.set(key, made)
  return made
}

// ------------------------------------------------------------------ arguments

const addressOf = ({ buffers, inputs }: Program, buffer: number, offset: number): Address => {
  const { place, storage } = buffers[buffer]!
  if (place.in === 'scratch') return { slot: 0, offset: place.offset + offset }
  return { slot: 2 + place.index + (place.in === 'output' ? inputs.length : 0), offset, unit: bytesOf(storage) }
}
/** Append arguments to the list: where the first of them is. */
const pass = ({ list }: Script, ...addresses: readonly Address[]): number => list.push(...addresses) - addresses.length
const passed = (from: Local<'i32'>, at: number): I32Code => i32.load(from.get, 4 * at)

// ------------------------------------------------------------------ steps

/** Call the function of a kernel, whose arguments begin at `at`. */
const run = (
  { steps, named }: Script,
  { task, name, alone }: WithName<FusedTask | DotGeneralTask>,
  kernel: string,
  at: number,
  touched: Pick<WaitedWork, 'reads' | 'writes'>,
): void => {
  named.push({ name: kernel, task: name, at })
  const first = (from: Local<'i32'>): I32Code => i32.add(from.get, i32.const(4 * at))
  const code: PrintedStep['code'] = (from, thread, pool) =>
    alone ? task(first(from), i32.const(0), i32.const(1)) : task(first(from), thread.get, pool.get)
  steps.push({ alone, ...touched, code })
}

const callDotGeneral = ({ program, places }: Printer, script: Script, kernel: DotGeneral, task: WithName<DotGeneralTask>): void => {
  const { a, b, c } = oriented(kernel)
  const at = pass(script, ...[a, b, c].map((x) => addressOf(program, x.buffer, x.offset)), { slot: 1, offset: 0 })
  run(script, task, kernel.name, at, { reads: [places[a.buffer]!, places[b.buffer]!], writes: [places[c.buffer]!] })
}

/** Fill what the kernel merges into, run it, and combine its partial results. */
const callFused = ({ program, places, call }: Printer, script: Script, kernel: FusedKernel, task: WithName<FusedTask>): void => {
  const { streams, body, name } = kernel
  const { partials, memories } = script.arena
  const { buffers } = program
  /** All partial results, and all stashed rows. */
  const partial: Region = { array: -1, from: partials, to: memories }
  const stash: Region = { array: -1, from: memories, to: Number.POSITIVE_INFINITY }
  const at = pass(
    script,
    ...streams.map(({ buffer, offset }) => addressOf(program, buffer, offset)),
    { slot: 0, offset: partials },
    { slot: 0, offset: memories },
  )
  /** A step on one buffer, by thread 0. */
  const small = (buffer: number, reads: readonly Region[], code: PrintedStep['code']): void => {
    script.steps.push({ alone: true, reads, writes: [places[buffer]!], code })
  }
  for (const i of body)
    if (i.op === 'store' && i.merge !== undefined && i.keep !== true) {
      const { buffer } = streams[i.stream]!
      const start = pass(script, addressOf(program, buffer, 0))
      const [bytes, bits] = [i32.const(4 * buffers[buffer]!.size), i32.const(bitsOf(neutral[i.merge]))]
      small(buffer, [], (from) => call.fill(passed(from, start), bytes, bits))
    }
  const apart = new Set(task.partials.map(({ stream }) => stream))
  const touched = (op: 'load' | 'store'): readonly Region[] =>
    body.flatMap((i) => (i.op === op && !(op === 'store' && apart.has(i.stream)) ? [places[streams[i.stream]!.buffer]!] : []))
  const aside = [...(apart.size > 0 ? [partial] : []), ...(task.memory > 0 ? [stash] : [])]
  run(script, task, name, at, { reads: touched('load'), writes: [...touched('store'), ...aside] })
  for (const { stream, merge, at: first, size } of task.partials) {
    const { buffer } = streams[stream]!
    const start = pass(script, addressOf(program, buffer, 0), { slot: 0, offset: partials + first })
    const combine = merge === 'sum' ? call.combineSum : call.combineMax
    const counts = [i32.const(4 * buffers[buffer]!.size), i32.const(4 * size), i32.const(task.chunks)]
    small(buffer, [partial, places[buffer]!], (from) => combine(passed(from, start), passed(from, start + 1), ...counts))
  }
}

/** The steps in order, with barriers where threads have to wait for each other. */
const defineMain = ({ m, call }: Printer, steps: readonly PrintedStep[]): void => {
  const wait = waits(steps)
  m.define('main', ['i32', 'i32', 'i32'], (_, from, thread, pool) => {
    const meeting = call.barrier(thread.get, pool.get)
    return seq(
      ...steps.map(({ alone, code }, i) => {
        const step = code(from, thread, pool)
        return seq(wait[i]! ? meeting : seq(), alone ? when(i32.eqz(thread.get), step) : step)
      }),
      meeting,
    )
  })
}
