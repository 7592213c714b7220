/**
 * A program as one WebAssembly module: a function for each kernel that is unlike all others, and
 *
 *     main(arguments, thread, threads)
 *
 * which calls them in order, with barriers where they are needed. Where the arrays of a run lie is written into `arguments` beforehand.
 */
import type { DotGeneral, FusedKernel, Program } from '../plan/program.ts'
import { bitsOf } from './bytes.ts'
import { oriented } from './contract.ts'
import { type Local, seq, when } from './control.ts'
import { type Code, i32 } from './instructions.ts'
import { bytesOf, neutral } from './lanes.ts'
import { type MemoryType, module } from './module.ts'
import { services } from './runtime.ts'
import { type DotGeneralTask, dotGeneralTask, type FusedTask, fusedTask, padded } from './task.ts'
import { meet, type Region, regions, type Work, waits } from './waits.ts'

/** An element of an array: of the arena (slot 0), the workspaces (1), the inputs (from 2), or the outputs (after those). */
export interface Address {
  readonly slot: number
  /** In elements, of so many bytes (default 4). */
  readonly offset: number
  readonly unit?: number
}
export interface Printed {
  readonly binary: Uint8Array<ArrayBuffer>
  /** Length of the arena, in elements: the planner's scratch, partial results, and rows that threads stash. */
  readonly arena: number
  readonly arguments: readonly Address[]
  /** The kernels in order: the export that runs one, and where its arguments begin. */
  readonly steps: readonly { readonly name: string; readonly task: string; readonly at: number }[]
}
interface Step extends Work {
  readonly code: (list: Local<'i32'>, thread: Local<'i32'>, threads: Local<'i32'>) => Code
}
type I = Code<'i32'>

/** Kernels with less to do than this (primitives computed, or a quarter of the multiplications) are not worth sharing. */
const little = 1 << 11

/** `fixed`: products are shared into the same parts whoever takes part, as a BLAS rounds by the size of a part. */
export const print = (program: Program, memory: MemoryType, threads: number, eager: boolean, fixed = false): Printed => {
  const { buffers } = program
  const worth = eager ? 0 : little
  const m = module(memory)
  const imported = Object.entries(services).map(([name, count]) => [
    name,
    m.import(
      name,
      Array.from({ length: count }, () => 'i32' as const),
    ),
  ])
  const call: { readonly [name in keyof typeof services]: (...args: readonly I[]) => Code } = Object.fromEntries(imported)

  // ---------------------------------------------------------------- functions
  const contracts = new Map<string, DotGeneralTask & { readonly name: string }>()
  const rows = new Map<string, FusedTask & { readonly name: string }>()
  const contractOf = (contract: DotGeneral): DotGeneralTask & { readonly name: string } => {
    const { a, b, c, m: height, n, k, loops, parts, accumulate } = contract
    const key = JSON.stringify([height, n, k, [a, b, c].map(({ row, column }) => [row, column]), loops, parts, accumulate])
    const name = `c${contracts.size}`
    const made = contracts.get(key) ?? { ...dotGeneralTask(m, name, contract, call, threads, worth, fixed), name }
    contracts.set(key, made)
    return made
  }
  const places = regions(program)
  const rowsOf = (kernel: FusedKernel): FusedTask & { readonly name: string } => {
    const { loops, inner, streams, body, triangle } = kernel
    const stores = body.filter((i) => i.op === 'store')
    const written = stores.map((i) => streams[i.stream]!.buffer)
    const overwritten = streams.map(({ buffer }) => written.some((other) => meet(places[buffer]!, places[other]!)))
    const merged = stores.map(({ stream, merge }) =>
      merge === undefined ? 0 : [streams[stream]!.offset, buffers[streams[stream]!.buffer]!.size],
    )
    const walks = streams.map(({ outer, inner: step, storage }) => [outer, step, storage])
    const key = JSON.stringify([loops.map(({ size }) => size), inner.size, walks, body, triangle, overwritten, merged])
    const name = `r${rows.size}`
    const made = rows.get(key) ?? { ...fusedTask(m, name, kernel, program, overwritten, call.fill, worth), name }
    rows.set(key, made)
    return made
  }
  const kernels = program.kernels.map((kernel) =>
    kernel.kind === 'fused' ? { ...rowsOf(kernel), given: kernel } : { ...contractOf(kernel), given: kernel },
  )

  // ---------------------------------------------------------------- arguments
  const most = (of: (task: FusedTask) => number): number => Math.max(0, ...[...rows.values()].map(of))
  const partials = padded(program.scratch)
  const memories = partials + most((task) => task.partial)
  const list: Address[] = []
  const address = (buffer: number, offset: number): Address => {
    const { place, storage } = buffers[buffer]!
    if (place.in === 'scratch') return { slot: 0, offset: place.offset + offset }
    return { slot: 2 + place.index + (place.in === 'output' ? program.inputs.length : 0), offset, unit: bytesOf(storage) }
  }
  const pass = (...addresses: readonly Address[]): number => list.push(...addresses) - addresses.length
  const passed = (from: Local<'i32'>, at: number): I => i32.load(from.get, 4 * at)

  // ---------------------------------------------------------------- steps
  const steps: Step[] = []
  const named: { name: string; task: string; at: number }[] = []
  const run = (
    { task, name, alone }: (FusedTask | DotGeneralTask) & { readonly name: string },
    kernel: string,
    at: number,
    touched: Pick<Work, 'reads' | 'writes'>,
  ): void => {
    named.push({ name: kernel, task: name, at })
    const first = (from: Local<'i32'>): I => i32.add(from.get, i32.const(4 * at))
    const code: Step['code'] = (from, thread, pool) =>
      alone ? task(first(from), i32.const(0), i32.const(1)) : task(first(from), thread.get, pool.get)
    steps.push({ alone, ...touched, code })
  }
  /** Of one buffer, by thread 0. */
  const small = (buffer: number, reads: readonly Region[], code: Step['code']): void => {
    steps.push({ alone: true, reads, writes: [places[buffer]!], code })
  }
  /** All partial results, and all stashed rows. */
  const [partial, stash] = [
    { array: -1, from: partials, to: memories },
    { array: -1, from: memories, to: Number.POSITIVE_INFINITY },
  ]
  for (const kernel of kernels) {
    if (kernel.kind === 'dotGeneral') {
      const { a, b, c } = oriented(kernel.given)
      const at = pass(...[a, b, c].map((x) => address(x.buffer, x.offset)), { slot: 1, offset: 0 })
      run(kernel, kernel.given.name, at, { reads: [places[a.buffer]!, places[b.buffer]!], writes: [places[c.buffer]!] })
      continue
    }
    const { streams, body, name } = kernel.given
    const at = pass(
      ...streams.map(({ buffer, offset }) => address(buffer, offset)),
      { slot: 0, offset: partials },
      { slot: 0, offset: memories },
    )
    for (const i of body)
      if (i.op === 'store' && i.merge !== undefined && i.keep !== true) {
        const { buffer } = streams[i.stream]!
        const start = pass(address(buffer, 0))
        const [bytes, bits] = [i32.const(4 * buffers[buffer]!.size), i32.const(bitsOf(neutral[i.merge]))]
        small(buffer, [], (from) => call.fill(passed(from, start), bytes, bits))
      }
    const apart = new Set(kernel.partials.map(({ stream }) => stream))
    const touched = (op: 'load' | 'store'): readonly Region[] =>
      body.flatMap((i) => (i.op === op && !(op === 'store' && apart.has(i.stream)) ? [places[streams[i.stream]!.buffer]!] : []))
    const aside = [...(apart.size > 0 ? [partial] : []), ...(kernel.memory > 0 ? [stash] : [])]
    run(kernel, name, at, { reads: touched('load'), writes: [...touched('store'), ...aside] })
    for (const { stream, merge, at: first, size } of kernel.partials) {
      const { buffer } = streams[stream]!
      const start = pass(address(buffer, 0), { slot: 0, offset: partials + first })
      const combine = merge === 'sum' ? call.combineSum : call.combineMax
      const counts = [i32.const(4 * buffers[buffer]!.size), i32.const(4 * size), i32.const(kernel.chunks)]
      small(buffer, [partial, places[buffer]!], (from) => combine(passed(from, start), passed(from, start + 1), ...counts))
    }
  }
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
  return { binary: m.binary(), arena: memories + threads * most((task) => task.memory), arguments: list, steps: named }
}
