/**
 * A fused kernel as launches: arrays that others merge into are filled, the kernel runs, partial results are merged.
 *
 *     fill…,   kernel,   combine…
 */
import type { FusedKernel, Program } from '../plan/index.ts'
import { meet, type Region, regions } from '../plan/regions.ts'
import { type KernelSchedule, schedule } from '../plan/schedule.ts'
import { gridOf, type StoreInstruction, type Style, type ThreadGrid } from './grid.ts'
import { argumentOf, type GpuArgument, type GpuLaunch, inArena } from './launch.ts'
import { declarationsOf, groupsOf, itemsOf, rowsBody, spreadBody, threadsOf } from './rows.ts'
import { combine, fill } from './small.ts'
import type { Writer } from './statements.ts'

interface Fused {
  readonly launches: readonly GpuLaunch[]
  /** Elements of the arena beyond `start`. */
  readonly scratch: number
}
/** A merging store whose chunks have an array each, and where those begin. */
interface PartialSum {
  readonly register: number
  readonly store: StoreInstruction
  /** Of the buffer that they are merged into. */
  readonly buffer: number
  readonly size: number
  readonly at: GpuArgument
}
interface Prepared {
  readonly program: Program
  readonly kernel: FusedKernel
  readonly grid: ThreadGrid
  readonly plan: KernelSchedule
  readonly partials: readonly PartialSum[]
  readonly stash: GpuArgument | undefined
  /** Memory is read as words: some of it is kept narrow. */
  readonly words: boolean
  /** Where each buffer lies, and what the kernel has of the arena beyond the planner's scratch. */
  readonly places: readonly Region[]
  readonly extra: Region
}

/** Beyond this cost a value is remembered from pass to pass rather than computed again: memory is slower than arithmetic here. */
const remember = 60

/** Arrays of the arena begin at multiples of 64 elements. */
export const aligned = (elements: number): number => Math.ceil(elements / 64) * 64

/** `start`: where the arena goes on after the planner's scratch. */
export const fused = (program: Program, kernel: FusedKernel, style: Style, start: number): Fused => {
  const { streams, body, inner } = kernel
  const { buffers } = program
  const places = regions(program)
  const touching =
    (op: 'load' | 'store') =>
    (stream: number): boolean =>
      body.some((i) => i.op === op && meet(places[streams[i.stream]!.buffer]!, places[streams[stream]!.buffer]!))
  const overwritten = streams.map((_, s) => touching('store')(s))
  const plan = schedule(kernel, (s) => overwritten[s]!, remember)
  const readBack = new Set(plan.stored.values())
  const reread = streams.map((_, s) => readBack.has(s) || touching('load')(s))
  const grid = gridOf(kernel, program, reread, style)
  let end = start
  const room = (elements: number): GpuArgument => {
    const made = { slot: 0, offset: end }
    end += aligned(elements)
    return made
  }
  const partials = body.flatMap((store, register): readonly PartialSum[] => {
    if (store.op !== 'store' || !grid.partial.has(register)) return []
    const { buffer } = streams[store.stream]!
    const { size } = buffers[buffer]!
    return [{ register, store, buffer, size, at: room(size * (grid.chunks?.count ?? 1)) }]
  })
  const stash = grid.spread || plan.stashed.length === 0 ? undefined : room(plan.stashed.length * itemsOf(kernel, grid) * inner.size)
  const words = streams.some(({ storage }) => storage !== undefined)
  const p: Prepared = { program, kernel, grid, plan, partials, stash, words, places, extra: inArena(start, end) }
  return { launches: [...fills(p), main(p, [reread, overwritten]), ...combinations(p)], scratch: end - start }
}

const main = (p: Prepared, shared: readonly unknown[]): GpuLaunch => {
  const { program, kernel, grid, plan, partials, stash, words, extra } = p
  const { streams } = kernel
  const last = streams.length + partials.length
  return {
    name: kernel.name,
    structure: structureOf(p, shared),
    shader: (memory) => {
      const w = writerOn(p, memory)
      const body = grid.spread ? spreadBody(w) : rowsBody(w, plan, stash && { argument: last, memory: memory[last]! })
      return { threads: threadsOf(grid), element: words ? 'u32' : 'f32', declarations: declarationsOf(grid), body }
    },
    arguments: [
      ...streams.map((s) => argumentOf(program, s.buffer, s.offset)),
      ...partials.map(({ at }) => at),
      ...(stash === undefined ? [] : [stash]),
    ],
    reads: touched(p, 'load'),
    writes: [...touched(p, 'store'), ...(extra.to > extra.from ? [extra] : [])],
    groups: groupsOf(kernel, grid),
  }
}

const touched = ({ kernel: { body, streams }, places }: Prepared, op: 'load' | 'store'): readonly Region[] =>
  body.flatMap((i) => (i.op === op ? [places[streams[i.stream]!.buffer]!] : []))

/** All that the text of the shader depends on. */
const structureOf = ({ kernel, grid, partials }: Prepared, shared: readonly unknown[]): string => {
  const { loops, inner, streams, body, triangle } = kernel
  const { spread, lanes, parallel, serial, chunks, covering, once } = grid
  const walks = streams.map((s) => [s.outer, s.inner, s.storage])
  const arrays = partials.map(({ store, size }) => [size, streams[store.stream]!.offset])
  const threads = [spread, lanes, parallel, serial, chunks, [...covering], [...once]]
  return `fused ${JSON.stringify([loops.map((l) => l.size), inner.size, walks, body, triangle, threads, arrays, shared])}`
}

const writerOn = ({ kernel, grid, words, partials }: Prepared, memory: readonly string[]): Writer => ({
  ...{ kernel, grid, words },
  memory: (stream) => memory[stream]!,
  partialOf: (register) => {
    const n = partials.findIndex((each) => each.register === register)
    const found = partials[n]
    if (found === undefined) return undefined
    const argument = kernel.streams.length + n
    return { argument, memory: memory[argument]!, size: found.size, offset: kernel.streams[found.store.stream]!.offset }
  },
})

const fills = ({ program, kernel, grid, places }: Prepared): readonly GpuLaunch[] =>
  kernel.body.flatMap((i, register) => {
    if (i.op !== 'store' || i.merge === undefined || i.keep === true || grid.covering.has(register) || grid.partial.has(register)) return []
    const { buffer } = kernel.streams[i.stream]!
    return [fill(program.buffers[buffer]!.size, i.merge, argumentOf(program, buffer, 0), places[buffer]!)]
  })

const combinations = ({ program, grid, partials, places }: Prepared): readonly GpuLaunch[] =>
  partials.map(({ store, buffer, size, at }) => {
    const how = { size, count: grid.chunks?.count ?? 1, merge: store.merge ?? 'sum', keep: store.keep === true }
    return combine(how, argumentOf(program, buffer, 0), at, places[buffer]!)
  })
