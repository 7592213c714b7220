/**
 * A fused kernel as code: loops over the outer axes, which carry a pointer for every stream, and in them the passes over a row.
 *
 *     for each row:   for each pass:   what is computed once a row;   sweep the inner axis
 */
import type { FusedKernel } from '../plan/program.ts'
import type { KernelSchedule } from '../plan/schedule.ts'
import { access } from './access.ts'
import { type Local, type Locals, least, pin, range, seq } from './control.ts'
import { type Code, f32x4, i32, i32x4 } from './instructions.ts'
import { bytesOf, padded } from './lanes.ts'
import { draw, stream } from './math.ts'
import { primitives } from './primitives.ts'
import { drawn, type Frame, hash, type SweepVector, type SweepWriter, sweep, unroll } from './sweep.ts'

/** Floats of scratch for the rows that a thread stashes. */
export const remembered = ({ inner }: FusedKernel, { stashed }: KernelSchedule): number => stashed.length * padded(inner.size)

/** The code of a kernel. */
export const fusedKernel = (locals: Locals, kernel: FusedKernel, plan: KernelSchedule, frame: Frame): Code => {
  const w = writer(locals, kernel, plan, frame)
  const body = row(w)
  const counters = kernel.body.map((i, r) => (i.op === 'random' ? w.draws[r]!.counter.set(i32.const(i.offset)) : seq()))
  return seq(...counters, nest(w, 0, body))
}

/** The locals of a kernel. */
const writer = (locals: Locals, kernel: FusedKernel, plan: KernelSchedule, frame: Frame): SweepWriter => {
  const { body, loops } = kernel
  const index = loops.map(() => locals('i32'))
  const [at, limit, whole, groups] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
  const memory = access(locals, kernel, plan.full, { pointers: frame.pointers, index, at })
  const registers = body.map((i) => (i.op === 'constant' || i.op === 'store' ? undefined : locals('v128')))
  const vector = (ahead: number): SweepVector => {
    const mine = registers.map((known, r) => (known !== undefined && plan.full[r] && ahead > 0 ? locals('v128') : known))
    const kept = (r: number): Local<'v128'> => mine[r]!
    const said = primitives(locals, body, kept)
    return { ahead, kept, ...said, ...memory.vector({ ahead, kept, value: said.value }) }
  }
  const most = Math.max(...plan.passes.map((pass) => unroll(kernel, pass).vectors))
  return {
    ...{ locals, kernel, plan, frame, index, at, limit, whole, groups, memory },
    vectors: Array.from({ length: most }, (_, ahead) => vector(ahead)),
    random: { stream: stream(locals), draw: draw(locals) },
    draws: body.map((i) => (i.op === 'random' ? { hash: locals('v128'), counter: locals('i32') } : undefined)),
  }
}

/** One row: its length, if that depends on the row, and the passes. */
const row = (w: SweepWriter): Code => {
  const { body, inner, triangle } = w.kernel
  const { full, passes } = w.plan
  const { limit, index, memory, vectors } = w
  const first = vectors[0]!
  /** What is computed once a row and read along it. (What is loaded stays where it is.) */
  const computed = (r: number): boolean => ['primitive', 'reduce', 'iota'].includes(body[r]!.op) && !full[r]
  const swept = new Set(body.flatMap((i, r) => (i.op === 'primitive' && full[r] ? i.args.filter(computed) : [])))
  return seq(
    ...(triangle === undefined
      ? []
      : [
          limit.set(
            i32.mul(i32.add(i32.div_u(index[triangle.loop]!.get, i32.const(triangle.block)), i32.const(1)), i32.const(triangle.block)),
          ),
          limit.set(least(limit.get, i32.const(inner.size))),
        ]),
    memory.open,
    ...passes.flatMap((pass) => [
      ...pass.before.map((r) => seq(once(w, r), swept.has(r) ? pin(first.kept(r)) : seq(), known(w, r))),
      sweep(w, pass),
    ]),
  )
}

/** An instruction that is run once a row. */
const once = (w: SweepWriter, r: number): Code => {
  const i = w.kernel.body[r]!
  const first = w.vectors[0]!
  switch (i.op) {
    case 'load':
      return first.load(i, r, 1)
    case 'store':
      return first.store(i, r, 1)
    case 'iota':
      return first.kept(r).set(f32x4.convert_i32x4_s(i32x4.splat(w.index[i.loop]!.get)))
    case 'primitive':
      return first.kept(r).set(first.primitive(i))
    case 'random':
      return first.kept(r).set(drawn(w, i, r, first))
    default:
      return seq()
  }
}
/** What becomes possible once a row's register is known: hashing keys of random numbers, and following indices. */
const known = (w: SweepWriter, r: number): Code => {
  const first = w.vectors[0]!
  return seq(
    ...w.kernel.body.flatMap((i, user) => (i.op === 'random' && i.key === r ? [hash(w, i, user, first)] : [])),
    w.memory.known(r, first.value),
  )
}

/** Loop `l` and those inside it, around the code of a row. */
const nest = (w: SweepWriter, l: number, body: Code): Code => {
  const { loops } = w.kernel
  const { shared, from, to } = w.frame
  if (l === loops.length) return body
  const [first, last] = shared === l ? [from.get, to.get] : [i32.const(0), i32.const(loops[l]!.size)]
  return seq(
    shared === l ? move(w, l, first) : seq(),
    range(w.index[l]!, first, last, 1, seq(nest(w, l + 1, body), move(w, l, undefined))),
    l === 0 ? seq() : move(w, l, i32.sub(i32.const(0), last)),
  )
}
/** Move pointers and counters by so many steps of a loop, or by one. */
const move = ({ kernel: { streams, body }, frame: { pointers }, draws }: SweepWriter, l: number, times: Code<'i32'> | undefined): Code => {
  const moving: readonly (readonly [Local<'i32'>, number])[] = [
    ...streams.map((s, j) => [pointers[j]!, bytesOf(s.storage) * s.outer[l]!] as const),
    ...body.flatMap((i, r) => (i.op === 'random' ? [[draws[r]!.counter, i.outer[l]!] as const] : [])),
  ]
  return seq(
    ...moving
      .filter(([, by]) => by !== 0)
      .map(([p, by]) => p.set(i32.add(p.get, times === undefined ? i32.const(by) : i32.mul(times, i32.const(by))))),
  )
}
