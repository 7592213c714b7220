/**
 * A row of a fused kernel: each pass of the schedule sweeps the inner axis four lanes at a time, and the last size mod 4 elements once
 * more with fewer lanes. Values that are one number a row fill all lanes of a vector, so there is one way to print a primitive.
 *
 * Several vectors are swept side by side, step by step: each step of a vector waits for the one before, but not for those of its neighbours.
 */
import type { FusedKernel, Instruction } from '../plan/program.ts'
import type { KernelSchedule, SchedulePass } from '../plan/schedule.ts'
import type { MemoryAccess, Moves } from './access.ts'
import { type Local, type Locals, range, seq, when } from './control.ts'
import { type Code, f32, f32x4, i32, i32x4 } from './instructions.ts'
import { type Fold, fold, type Lanes, loadLanes, padded, storeLanes } from './lanes.ts'
import type { draw, stream } from './math.ts'
import type { WasmPrimitives } from './primitives.ts'

/** What surrounds the code of a kernel. */
export interface Frame {
  /** Of each stream: its first element. They are moved. */
  readonly pointers: readonly Local<'i32'>[]
  /** Where this thread may stash rows. */
  readonly scratch: Local<'i32'>
  /** The axis of which only from ≤ index < to is for this thread: a loop by its number, the inner axis (−1), or none. */
  readonly shared: number | undefined
  readonly from: Local<'i32'>
  readonly to: Local<'i32'>
}
/** A kernel being written: its locals, and the code for its parts. */
export interface SweepWriter {
  readonly locals: Locals
  readonly kernel: FusedKernel
  readonly plan: KernelSchedule
  readonly frame: Frame
  readonly index: readonly Local<'i32'>[]
  /** The position along the inner axis, in bytes. */
  readonly at: Local<'i32'>
  /** Elements of this row, where they are not all. */
  readonly limit: Local<'i32'>
  /** Bytes in whole vectors, and in whole groups of vectors side by side. */
  readonly whole: Local<'i32'>
  readonly groups: Local<'i32'>
  readonly memory: MemoryAccess
  readonly vectors: readonly SweepVector[]
  readonly random: { readonly stream: ReturnType<typeof stream>; readonly draw: ReturnType<typeof draw> }
  /** Of each random instruction: the hash of its key, and the number of its next element. */
  readonly draws: readonly ({ readonly hash: Local<'v128'>; readonly counter: Local<'i32'> } | undefined)[]
}
/** One of the vectors that are swept side by side, so many ahead of the first: where it keeps its registers, how it computes and stores them. */
export interface SweepVector extends WasmPrimitives, Moves {
  readonly ahead: number
  readonly kept: (register: number) => Local<'v128'>
}

// ------------------------------------------------------------------ random numbers

type Random = Extract<Instruction, { op: 'random' }>
export const hash = ({ draws, random }: SweepWriter, i: Random, r: number, { value }: SweepVector): Code =>
  draws[r]!.hash.set(random.stream(value(i.key), i.salt))
export const drawn = ({ draws, random, at, plan: { full } }: SweepWriter, i: Random, r: number, { ahead }: SweepVector): Code<'v128'> => {
  const { hash, counter } = draws[r]!
  const start = i32.add(counter.get, i32.mul(i32.shr_u(at.get, i32.const(2)), i32.const(i.inner)))
  const positions = [0, 1, 2, 3].map((lane) => (4 * ahead + lane) * i.inner) as [number, number, number, number]
  return random.draw(hash.get, i32x4.add(i32x4.splat(full[r] ? start : counter.get), i32x4.const(...positions)))
}

// ------------------------------------------------------------------ along the row

/** All positions of the inner axis, for one pass; what is folded is in its register afterwards. */
export const sweep = (w: SweepWriter, pass: SchedulePass): Code => {
  const { locals, vectors, kernel } = w
  const steps = pass.sweep
  if (steps.length === 0) return seq()
  const first = vectors[0]!
  const { vectors: count, sums: different } = unroll(kernel, pass)
  const folds = steps.filter((s) => s.do === 'fold').map((s) => s.register)
  const monoid = (r: number) => (kernel.body[r] as Extract<Instruction, { op: 'reduce' }>).merge // folds are reductions
  const sums = Array.from({ length: different }, (_, n) => {
    return new Map(folds.map((r) => [r, fold(locals, monoid(r), n === 0 ? first.kept(r) : locals('v128'))]))
  })
  const section = (lanes: Lanes, among: readonly SweepVector[] = [first]): Code =>
    seq(...steps.flatMap((s) => among.map((v) => step(w, s, lanes, v, sums[v.ahead % different]!.get(s.register)))))
  return seq(
    ...sums.flatMap((mine) => [...mine.values()].map(({ begin }) => begin)),
    along(w, section, vectors.slice(0, count)),
    ...sums.slice(1).flatMap((mine) => folds.map((r) => sums[0]!.get(r)!.join(mine.get(r)!))),
    ...folds.map((r) => sums[0]!.get(r)!.end),
  )
}

/** One step of the pass, for one vector. */
const step = (
  w: SweepWriter,
  { do: what, register: r }: SchedulePass['sweep'][number],
  lanes: Lanes,
  v: SweepVector,
  sum: Fold | undefined,
): Code => {
  const i = w.kernel.body[r]!
  const { full, stored } = w.plan
  const { ahead, kept, primitive, value, restore } = v
  if (what === 'stash') return storeLanes(stash(w, r), kept(r), lanes, 16 * ahead)
  if (what === 'read')
    return kept(r).set(stored.has(r) ? restore(r, v.read(stored.get(r)!, lanes)) : loadLanes(stash(w, r), lanes, 16 * ahead))
  switch (i.op) {
    case 'load':
      return v.load(i, r, lanes)
    case 'store':
      return v.store(i, r, lanes)
    case 'iota': {
      const lane = 4 * ahead
      const position = f32x4.splat(f32.convert_i32_s(i32.shr_u(w.at.get, i32.const(2))))
      return kept(r).set(f32x4.add(position, f32x4.const(lane, lane + 1, lane + 2, lane + 3)))
    }
    case 'primitive':
      return kept(r).set(primitive(i))
    case 'random':
      return seq(full[i.key] ? hash(w, i, r, v) : seq(), kept(r).set(drawn(w, i, r, v)))
    case 'reduce':
      return sum!.take(value(i.arg), lanes)
    default:
      return seq()
  }
}
/** The address where a register is stashed at this position. */
const stash = ({ frame: { scratch }, kernel: { inner }, plan: { stashed }, at }: SweepWriter, r: number): Code<'i32'> =>
  i32.add(i32.add(scratch.get, i32.const(4 * padded(inner.size) * stashed.indexOf(r))), at.get)

type Section = (lanes: Lanes, among?: readonly SweepVector[]) => Code
/** The loop over the inner axis: several vectors at a time, single ones, and then the rest. */
const along = (w: SweepWriter, section: Section, among: readonly SweepVector[]): Code => {
  const { at, limit, whole, groups } = w
  const { shared, from, to } = w.frame
  const { inner, triangle } = w.kernel
  const rest = (inner.size & 3) as 0 | Lanes // 0 … 3
  const [start, end] = shared === -1 ? [from.get, to.get] : [i32.const(0), triangle === undefined ? i32.const(inner.size) : limit.get]
  const fixed = shared !== -1 && triangle === undefined
  if (fixed && inner.size < 8) return short(at, inner.size, section)
  const bytes = (elements: Code<'i32'>): Code<'i32'> => i32.shl(elements, i32.const(2))
  const stride = 16 * among.length
  // Threads share the inner axis in multiples of 16 elements.
  const exact = among.length === 1 || [inner.size, triangle?.block ?? 0].every((size) => (4 * size) % stride === 0)
  const prepare = seq(
    whole.set(bytes(i32.and(end, i32.const(-4)))),
    groups.set(exact ? whole.get : i32.add(bytes(start), i32.and(i32.sub(whole.get, bytes(start)), i32.const(-stride)))),
  )
  const odd = triangle !== undefined && triangle.block % 4 !== 0
  const last = (lanes: Lanes): Code => when(fixed ? i32.const(1) : i32.and(end, i32.const(3)), seq(at.set(whole.get), section(lanes)))
  return seq(
    prepare,
    range(at, bytes(start), groups.get, stride, section(4, among)),
    exact ? seq() : range(at, groups.get, whole.get, 16, section(4)),
    odd ? range(at, whole.get, bytes(end), 4, section(1)) : rest === 0 ? seq() : last(rest),
  )
}
/** Fewer than 8 elements need no loop. */
const short = (at: Local<'i32'>, size: number, section: Section): Code => {
  const rest = (size & 3) as 0 | Lanes // 0 … 3
  return seq(at.set(i32.const(0)), size >= 4 ? section(4) : seq(), at.set(i32.const(size & 4 ? 16 : 0)), rest === 0 ? seq() : section(rest))
}

/**
 * How many vectors a pass sweeps side by side, and into how many different sums: those wait for each other, too. Two vectors hide half of
 * what is to be hidden (a processor waits for a few dozen instructions at once, and eʳ alone is a chain of thirty), eight need too many
 * registers. Roots are computed one after the other whatever else there is: nothing hides that.
 */
export const unroll = ({ body, inner }: FusedKernel, { sweep }: SchedulePass): { readonly vectors: number; readonly sums: number } => {
  const folds = sweep.filter((s) => s.do === 'fold').length
  const some = (f: (i: Instruction) => boolean): boolean => sweep.some(({ register }) => f(body[register]!))
  const heavy = some((i) => i.op === 'random' || isPrimitive(i, 'exp', 'log', 'sin', 'cos', 'div', 'sqrt'))
  const sums = folds === 0 || heavy || inner.size < 32 ? 1 : inner.size < 64 || folds > 1 ? 2 : 4
  const alone = some((i) => branches(i) || isPrimitive(i, 'sqrt')) || inner.size < (heavy ? 16 : 64)
  return { vectors: alone ? sums : 4, sums }
}
/** Does it branch, or go where numbers send it? */
const branches = (i: Instruction): boolean => ('at' in i && i.at !== undefined) || ('guards' in i && i.guards !== undefined)
const isPrimitive = (i: Instruction, ...primitives: readonly string[]): boolean => i.op === 'primitive' && primitives.includes(i.primitive)
