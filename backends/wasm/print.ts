/**
 * A program as one WebAssembly module. Every kernel becomes a step(table, thread, threads), and main calls them in order with
 * barriers between. Kernels of the same structure and strides share a function: buffers are found through the table,
 *
 *     table = [arena, workspaces, input 0, …, output 0, …]        addresses
 *
 * so that the same code runs wherever the arrays of a run happen to lie.
 */
import type { Contract, Program, Rows } from '../plan/program.ts'
import { type Crew, contraction } from './contract.ts'
import { type Local, type Locals, range, select, seq, when } from './control.ts'
import { workspace } from './gemm.ts'
import { type Code, i32 } from './instructions.ts'
import { neutral } from './lanes.ts'
import { type MemoryType, module } from './module.ts'
import { simplify } from './nest.ts'
import { remembered, rows, scheduled } from './rows.ts'
import { bitsOf, services } from './runtime.ts'
import { type Split, split } from './split.ts'

export interface Printed {
  readonly binary: Uint8Array<ArrayBuffer>
  /** Length of the arena, in elements: the planner's scratch, partial results, and rows that threads remember. */
  readonly arena: number
  /** What each exported step is, in order: `s0`, `s1`, … */
  readonly steps: readonly string[]
  readonly functions: number
}
interface Step {
  readonly name: string
  /** Only thread 0 takes part. */
  readonly alone: boolean
  readonly code: (locals: Locals, table: Local<'i32'>, crew: Crew) => Code
}
type I = Code<'i32'>

/** Kernels with less to do than this (in words computed, or multiplications) are not worth waking anyone. */
const little = 1 << 13

export const print = (program: Program, memory: MemoryType, threads: number): Printed => {
  const m = module(memory)
  const call = Object.fromEntries(
    Object.entries(services).map(([name, count]) => [
      name,
      m.import(
        name,
        Array.from({ length: count }, () => 'i32' as const),
      ),
    ]),
  ) as { readonly [name in keyof typeof services]: (...args: readonly I[]) => Code } // one a service
  const { buffers } = program
  const kernels = program.kernels.map((kernel) => (kernel.kind === 'rows' ? prepare(kernel, program) : kernel))
  const partials = Math.max(0, ...kernels.map((k) => (k.kind === 'contract' ? 0 : k.partials)))
  const memories = Math.max(0, ...kernels.map((k) => (k.kind === 'contract' ? 0 : k.memory)))
  const base = { partials: (program.scratch + 15) & ~15, memories: ((program.scratch + 15) & ~15) + partials }

  const arena = (table: Local<'i32'>, offset: number): I => i32.add(i32.load(table.get), i32.const(4 * offset))
  const address = (table: Local<'i32'>, buffer: number, offset: number): I => {
    const { place } = buffers[buffer]!
    if (place.in === 'scratch') return arena(table, place.offset + offset)
    const slot = 2 + (place.in === 'input' ? place.index : program.inputs.length + place.index)
    return i32.add(i32.load(table.get, 4 * slot), i32.const(4 * offset))
  }
  const edge = (thread: I, crew: Crew, size: number, multiple: number): I =>
    select(
      i32.eq(thread, crew.threads),
      i32.const(size),
      i32.and(i32.div_u(i32.mul(thread, i32.const(size)), crew.threads), i32.const(-multiple)),
    )
  const share = (crew: Crew, size: number, multiple = 1): readonly [I, I] => [
    edge(crew.thread, crew, size, multiple),
    edge(i32.add(crew.thread, i32.const(1)), crew, size, multiple),
  ]

  const functions = new Map<string, ReturnType<typeof rows>>()
  const functionOf = ({ kernel, plan, shared, overwritten }: Prepared): ReturnType<typeof rows> => {
    const { loops, inner, streams, body, triangle } = kernel
    const key = JSON.stringify([
      loops.map((l) => l.size),
      inner.size,
      streams.map((s) => [s.outer, s.inner]),
      body,
      triangle,
      shared,
      overwritten,
    ])
    const known = functions.get(key)
    if (known !== undefined) return known
    const made = rows(m, undefined, kernel, plan, shared)
    functions.set(key, made)
    return made
  }
  const stepsOf = (k: Prepared): readonly Step[] => {
    const { kernel, cut } = k
    const print = functionOf(k)
    const clears = kernel.body.flatMap((i) =>
      i.op === 'store' && i.merge !== undefined && i.keep !== true ? [{ ...kernel.streams[i.stream]!, merge: i.merge }] : [],
    )
    const clear = (table: Local<'i32'>): Code =>
      seq(
        ...clears.map(({ buffer, merge }) =>
          call.fill(address(table, buffer, 0), i32.const(4 * buffers[buffer]!.size), i32.const(bitsOf(neutral[merge]))),
        ),
      )
    const scratch = (table: Local<'i32'>, crew: Crew): I =>
      i32.add(arena(table, base.memories), i32.mul(crew.thread, i32.const(4 * memories)))
    const run = (table: Local<'i32'>, crew: Crew, from: I, to: I, chunk?: I): Code =>
      print(
        ...kernel.streams.map(({ buffer, offset }, s) => {
          const partial = k.partial.get(s)
          if (partial === undefined || chunk === undefined) return address(table, buffer, offset)
          return i32.add(arena(table, base.partials + partial + offset), i32.mul(chunk, i32.const(4 * padded(buffers[buffer]!.size))))
        }),
        scratch(table, crew),
        from,
        to,
      )
    const clearing: readonly Step[] =
      clears.length === 0 ? [] : [{ name: `${kernel.name} (clear)`, alone: true, code: (_, table) => clear(table) }]
    const { loops, inner } = kernel
    const work = kernel.body.length * loops.reduce((n, l) => n * l.size, inner.size)
    const [size, multiple] =
      cut.by === 'loop' ? [loops[cut.loop]!.size, 1] : cut.by === 'inner' ? [inner.size, 16] : [loops[0]?.size ?? 1, 1]
    if (cut.by !== 'chunks') {
      const alone = cut.by === 'nothing' || work < little
      const code: Step['code'] = (_, table, crew) =>
        run(table, crew, ...(alone ? ([i32.const(0), i32.const(size)] as const) : share(crew, size, multiple)))
      return [...clearing, { name: kernel.name, alone, code }]
    }
    const { count, streams } = cut
    const parts = streams.map((s) => {
      const store = kernel.body.find((i) => i.op === 'store' && i.stream === s)
      const merge = store?.op === 'store' && store.merge === 'max' ? ('max' as const) : ('sum' as const)
      return {
        buffer: kernel.streams[s]!.buffer,
        at: base.partials + k.partial.get(s)!,
        merge,
        size: buffers[kernel.streams[s]!.buffer]!.size,
      }
    })
    const chunks: Step['code'] = (locals, table, crew) => {
      const [chunk, to] = [locals('i32'), locals('i32')]
      const bound = (c: I): I => i32.div_u(i32.mul(c, i32.const(size)), i32.const(count))
      const one = seq(
        ...parts.map(({ at, size: n, merge }) =>
          call.fill(
            i32.add(arena(table, at), i32.mul(chunk.get, i32.const(4 * padded(n)))),
            i32.const(4 * padded(n)),
            i32.const(bitsOf(neutral[merge])),
          ),
        ),
        run(table, crew, bound(chunk.get), bound(i32.add(chunk.get, i32.const(1))), chunk.get),
      )
      const [first, last] = work < little ? ([i32.const(0), i32.const(count)] as const) : share(crew, count)
      return seq(to.set(last), range(chunk, first, to.get, 1, one))
    }
    const combine: Step['code'] = (_, table) =>
      seq(
        ...parts.map(({ buffer, at, size: n, merge }) =>
          call[merge === 'sum' ? 'combineSum' : 'combineMax'](
            ...[address(table, buffer, 0), arena(table, at), i32.const(4 * n), i32.const(4 * padded(n)), i32.const(count)],
          ),
        ),
      )
    return [
      ...clearing,
      { name: kernel.name, alone: work < little, code: chunks },
      { name: `${kernel.name} (combine)`, alone: true, code: combine },
    ]
  }
  const stepOf = (contract: Contract): Step => {
    const { a, b, c, name, m: height, n, k, loops } = contract
    const alone = loops.reduce((count, loop) => count * loop.size, height * n * k) < 4 * little
    return {
      name,
      alone,
      code: (locals, table, crew) => {
        const at = { a: address(table, a.buffer, a.offset), b: address(table, b.buffer, b.offset), c: address(table, c.buffer, c.offset) }
        const space = i32.add(i32.load(table.get, 4), i32.mul(crew.thread, i32.const(workspace)))
        return contraction(contract, { ...at, workspace: space }, locals, call, alone ? single : crew)
      },
    }
  }

  const steps = kernels.flatMap((k) => (k.kind === 'contract' ? [stepOf(k)] : stepsOf(k)))
  const calls = steps.map((step, i) => {
    const define = m.define(`s${i}`, ['i32', 'i32', 'i32'], (locals, table, thread, crew) => {
      const code = step.code(locals, table, step.alone ? single : { thread: thread.get, threads: crew.get })
      return step.alone ? when(i32.eqz(thread.get), code) : code
    })
    return { step, define }
  })
  m.define('main', ['i32', 'i32', 'i32'], (_, table, thread, crew) =>
    seq(
      ...calls.map(({ step, define }, i) => {
        const meet = !(step.alone && calls[i + 1]?.step.alone === true)
        return seq(define(table.get, thread.get, crew.get), meet ? call.barrier(thread.get, crew.get) : seq())
      }),
    ),
  )
  return { binary: m.binary(), arena: base.memories + threads * memories, steps: steps.map(({ name }) => name), functions: functions.size }
}
const single: Crew = { thread: i32.const(0), threads: i32.const(1) }
const padded = (size: number): number => (size + 3) & ~3

interface Prepared {
  readonly kind: 'rows'
  readonly kernel: Rows
  readonly plan: ReturnType<typeof scheduled>
  readonly cut: Split
  readonly shared: number | undefined
  readonly overwritten: readonly boolean[]
  /** Where the partial results of streams begin, and how long they are in all. */
  readonly partial: ReadonlyMap<number, number>
  readonly partials: number
  readonly memory: number
}
const prepare = (given: Rows, program: Program): Prepared => {
  const kernel = simplify(given)
  const { streams, body } = kernel
  const written = body.flatMap((i) => (i.op === 'store' ? [streams[i.stream]!.buffer] : []))
  const overwritten = streams.map(({ buffer }) => written.some((other) => alias(program, buffer, other)))
  const plan = scheduled(kernel, overwritten)
  const cut = split(kernel, program)
  const partial = new Map<number, number>()
  let partials = 0
  if (cut.by === 'chunks')
    for (const s of cut.streams) {
      partial.set(s, partials)
      partials += cut.count * padded(program.buffers[streams[s]!.buffer]!.size)
    }
  const shared = cut.by === 'loop' ? cut.loop : cut.by === 'inner' ? -1 : cut.by === 'chunks' ? 0 : undefined
  return { kind: 'rows', kernel, plan, cut, shared, overwritten, partial, partials, memory: remembered(kernel, plan) }
}
/** Whether two buffers may share memory: a donated input and its output do. */
const alias = ({ buffers, outputs }: Program, x: number, y: number): boolean => {
  const where = (b: number) => {
    const { place, size } = buffers[b]!
    if (place.in === 'scratch') return { array: 'scratch', from: place.offset, to: place.offset + size }
    const donated = place.in === 'output' ? outputs[place.index]!.donated : place.index
    return { array: donated === undefined ? `output ${place.index}` : `input ${donated}`, from: 0, to: size }
  }
  const [p, q] = [where(x), where(y)]
  return p.array === q.array && p.from < q.to && q.from < p.to
}
