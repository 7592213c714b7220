/**
 * A program as gpu.js can run it: launches that read whole arrays and make a new one (gpu.js kernels never write in place).
 * Every write to a buffer is a new *value*; all stores of one kernel read what was there before the kernel. What the
 * planner had written in place is again one array in memory if the executor places dead values' memory again (`slots`).
 */
import type { FusedKernel, Kernel, Program } from '../plan/index.ts'
import type { Mode } from './devices.ts'
import { contraction, type Nest, type Store } from './nest.ts'
import { parts } from './parts.ts'
import { type Dialect, type PrintedKernels, print } from './print.ts'

/** Values are numbered: first the inputs, then one a launch. */
export interface Launch extends Pick<PrintedKernels, 'source' | 'output' | 'calls'> {
  readonly name: string
  /** The values that its arguments are. */
  readonly reads: readonly number[]
  readonly writes: number
}
export interface Launches {
  readonly launches: readonly Launch[]
  /** Elements of every value. */
  readonly sizes: readonly number[]
  /** The value of each output. */
  readonly outputs: readonly number[]
}

/** How to print for a mode: only on our own buffers (WebGPU) need nothing be unpacked from what a thread returns. */
const dialect = (mode: Mode): Dialect => ({
  flat: mode === 'cpu',
  lanes: mode === 'webgpu' ? 4 : 1,
  ownFunctions: mode === 'webgpu',
  rounds: mode === 'cpu',
})

export class UnwrittenBuffer extends Error {
  override readonly name = 'UnwrittenBuffer'
}

/** `arrays`: how many a kernel may bind. */
export const lower = (program: Program, mode: Mode, arrays = Infinity): Launches => {
  const chosen = dialect(mode)
  const sizes = [...program.inputs]
  const launches: Launch[] = []
  // The value that each buffer holds now.
  const now = new Map<number, number>()
  for (const [b, { place }] of program.buffers.entries()) {
    const start = place.in === 'input' ? place.index : place.in === 'output' ? program.outputs[place.index]!.donated : undefined
    if (start !== undefined) now.set(b, start)
  }
  const holds = (values: ReadonlyMap<number, number>, buffer: number, name: string): number => {
    const value = values.get(buffer)
    if (value === undefined) throw new UnwrittenBuffer(`gpujs: kernel '${name}' reads buffer ${buffer} before anything was written to it`)
    return value
  }
  const sizeOf = new Map(program.buffers.map(({ size }, b) => [b, size]))
  for (const kernel of program.kernels) {
    const before = new Map(now)
    const written = new Map<number, number>()
    for (const { nest, store } of stores(kernel)) {
      const target = nest.streams[store.stream]!.buffer
      // A second store of this kernel to the same array goes on from the first.
      const going: Store = written.has(target) && store.merge !== undefined ? { ...store, keep: true } : store
      for (const part of parts(nest, going, sizeOf.get(target)!, arrays, sizeOf.size)) {
        const { buffer } = part.nest.streams[part.store.stream]!
        if (part.temporary !== undefined) sizeOf.set(buffer, part.temporary)
        const size = sizeOf.get(buffer)!
        // Elsewhere more threads are worth more than less to load.
        const lanes = kernel.kind === 'dotGeneral' || part.store.at ? chosen.lanes : 1
        const has = written.has(buffer) || before.has(buffer)
        const { source, output, calls, reads } = print(part.nest, part.store, size, has, { ...chosen, lanes })
        const values = reads.map((r) => holds(r.previous && written.has(r.buffer) ? written : before, r.buffer, kernel.name))
        const writes = sizes.push(size) - 1
        launches.push({ name: kernel.name, source, output, calls, reads: values, writes })
        if (part.temporary === undefined) written.set(buffer, writes)
        else before.set(buffer, writes)
      }
    }
    for (const [buffer, value] of written) now.set(buffer, value)
  }
  const outputs = program.outputs.map(({ donated }, o) => {
    const buffer = program.buffers.findIndex(({ place }) => place.in === 'output' && place.index === o)
    // State that a step leaves as it is has no buffer.
    return buffer < 0 && donated !== undefined ? donated : holds(now, buffer, `output ${o}`)
  })
  return { launches, sizes, outputs }
}

const stores = (kernel: Kernel): readonly { readonly nest: Nest; readonly store: Store }[] =>
  kernel.kind === 'dotGeneral'
    ? [contraction(kernel)]
    : kernel.body.flatMap((x) => (x.op === 'store' ? [{ nest: kernel satisfies FusedKernel, store: x }] : []))

/** Memory for the values that are neither inputs nor kept: `slot[value]`, reused once a value's last reader has run. */
export interface Slots {
  readonly slot: ReadonlyMap<number, number>
  readonly sizes: readonly number[]
}
export const slots = ({ launches, sizes }: Launches, inputs: number, kept: ReadonlySet<number>, atEnd: ReadonlySet<number>): Slots => {
  const last = new Map<number, number>()
  for (const [i, l] of launches.entries()) for (const v of [...l.reads, l.writes]) last.set(v, i)
  for (const v of atEnd) last.set(v, launches.length)
  const slot = new Map<number, number>()
  const made: number[] = []
  const idle = new Set<number>()
  for (const [i, { reads, writes }] of launches.entries()) {
    if (!kept.has(writes)) {
      const size = sizes[writes]!
      const fitting = [...idle].filter((s) => made[s]! >= size && made[s]! <= 2 * size).sort((a, b) => made[a]! - made[b]!)
      const chosen = fitting[0] ?? made.push(size) - 1
      idle.delete(chosen)
      slot.set(writes, chosen)
    }
    // Freed only now: a launch must not write what it reads.
    for (const v of new Set([...reads, writes])) if (v >= inputs && last.get(v) === i && slot.has(v)) idle.add(slot.get(v)!)
  }
  return { slot, sizes: made }
}
