/**
 * Loads and stores of a rows kernel: contiguous vectors, any stride lane by lane, guards, data-dependent indices and merges.
 * Strides of program.ts count elements; addresses here count bytes.
 */
import type { FusedKernel, Guard, Instruction } from '../plan/program.ts'
import { type Local, type Locals, seq, when } from './control.ts'
import { type Code, f32, f32x4, type I32Code, i32, type V128Code, v128 } from './instructions.ts'
import { beyond, bytesOf, gather, type Lanes, loadLanes, loadNarrow, loadOne, merge, mergeOne, storeLanes } from './lanes.ts'

type Load = Extract<Instruction, { op: 'load' }>
type AccessStore = Extract<Instruction, { op: 'store' }>
interface StreamPlace {
  readonly pointers: readonly Local<'i32'>[]
  readonly index: readonly Local<'i32'>[]
  /** Bytes along the inner axis. */
  readonly at: Local<'i32'>
}
/** Where a vector is (so many vectors after `at`), and its registers. */
interface VectorAccess {
  readonly ahead: number
  readonly kept: (register: number) => Local<'v128'>
  readonly value: (register: number) => Code<'v128'>
}
export interface MemoryAccess {
  /** To run at the start of every row. */
  readonly open: Code
  /** To run when a row's register has its value: pointers that it moves. */
  readonly known: (register: number, value: VectorAccess['value']) => Code
  readonly vector: (v: VectorAccess) => Moves
}
export interface Moves {
  readonly load: (i: Load, register: number, lanes: Lanes) => Code
  readonly store: (i: AccessStore, register: number, lanes: Lanes) => Code
  /** Read what the kernel itself stored at this position. */
  readonly read: (stream: number, lanes: Lanes) => Code<'v128'>
}

/** The loads and stores of a kernel as they are written. */
interface AccessState extends StreamPlace {
  readonly kernel: FusedKernel
  readonly full: readonly boolean[]
  /** A vector on its way to memory. */
  readonly spare: Local<'v128'>
  /** For each instruction, where a row's index sends it, if one does. */
  readonly targets: readonly (Local<'i32'> | undefined)[]
  /** For each load with guards on outer loops, whether they hold for the row. */
  readonly gates: readonly (Local<'i32'> | undefined)[]
}

export const access = (locals: Locals, kernel: FusedKernel, full: readonly boolean[], place: StreamPlace): MemoryAccess => {
  const spare = locals('v128')
  const targets = kernel.body.map((i) => ('at' in i && i.at !== undefined && !full[i.at.index] ? locals('i32') : undefined))
  const gates = kernel.body.map((i) => (i.op === 'load' && (i.guards ?? []).some(({ loop }) => loop >= 0) ? locals('i32') : undefined))
  const s: AccessState = { ...place, kernel, full, spare, targets, gates }
  return {
    open: openGates(s),
    known: (register, value) => seq(...sentBy(s, register, value)),
    vector: (v) => ({
      load: (i, r, lanes) => load(s, v, i, r, lanes),
      store: (i, r, lanes) => store(s, v, i, r, lanes),
      read: (stream, lanes) => loadLanes(i32.add(s.pointers[stream]!.get, s.at.get), lanes, 16 * v.ahead),
    }),
  }
}

const unit = ({ kernel }: AccessState, stream: number): 1 | 2 | 4 => bytesOf(kernel.streams[stream]!.storage)
const inside = ({ from, to }: Guard, x: I32Code): I32Code => i32.lt_u(i32.sub(x, i32.const(from)), i32.const(Math.max(0, to - from)))
const all = (conditions: readonly I32Code[]): I32Code => conditions.reduce((x, y) => i32.and(x, y), i32.const(1))
const openGates = ({ kernel, gates, index }: AccessState): Code =>
  seq(
    ...kernel.body.map((i, r) => {
      const gate = gates[r]
      if (gate === undefined || i.op !== 'load') return seq()
      return gate.set(all(i.guards!.filter(({ loop }) => loop >= 0).map((guard) => inside(guard, index[guard.loop]!.get))))
    }),
  )
/** So many bytes times the integer in a lane. */
const jump = (bytes: number, value: V128Code, lane: number): I32Code =>
  i32.mul(i32.trunc_sat_f32_s(f32x4.extract(value, lane)), i32.const(bytes))
/** Set the targets of all that this register of a row sends somewhere. */
const sentBy = (s: AccessState, register: number, value: VectorAccess['value']): readonly Code[] =>
  s.kernel.body.flatMap((i, r) => {
    const target = s.targets[r]
    if (target === undefined || !('at' in i) || i.at === undefined || i.at.index !== register) return []
    return [target.set(i32.add(s.pointers[i.stream]!.get, jump(i.at.stride * unit(s, i.stream), value(register), 0)))]
  })

/** The address of what is at `at`. */
const origin = (s: AccessState, i: Load | AccessStore, r: number): I32Code => {
  const { inner } = s.kernel.streams[i.stream]!
  const start = s.targets[r]?.get ?? s.pointers[i.stream]!.get
  const shift = { 4: 0, 2: 1, 1: 2 }[unit(s, i.stream)]
  const along = shift === 0 ? s.at.get : i32.shr_u(s.at.get, i32.const(shift)) // `at` counts bytes of float32
  return inner === 0 || !s.full[r] ? start : i32.add(start, inner === 1 ? along : i32.mul(along, i32.const(inner)))
}
/** The address of a lane. */
const address = (s: AccessState, { ahead, value }: VectorAccess, i: Load | AccessStore, r: number, lane: number): I32Code => {
  const there = beyond(origin(s, i, r), s.full[r] ? unit(s, i.stream) * s.kernel.streams[i.stream]!.inner * (4 * ahead + lane) : 0)
  return scattered(s, i) ? i32.add(there, jump(i.at!.stride * unit(s, i.stream), value(i.at!.index), lane)) : there
}
/** Does every lane go where its own number sends it? */
const scattered = ({ full }: AccessState, i: Load | AccessStore): boolean => i.at !== undefined && full[i.at.index]!

const load = (s: AccessState, v: VectorAccess, i: Load, r: number, lanes: Lanes): Code => {
  const along = (i.guards ?? []).filter(({ loop }) => loop < 0)
  const row = along.length === 0 ? plain(s, v, i, r, lanes) : guarded(s, v, i, r, lanes, along)
  const gate = s.gates[r]
  return gate === undefined ? row : when(gate.get, row, v.kept(r).set(f32x4.const(0)))
}
const plain = (s: AccessState, v: VectorAccess, i: Load, r: number, lanes: Lanes): Code => {
  const { inner, storage } = s.kernel.streams[i.stream]!
  const x = v.kept(r)
  const contiguous = s.full[r] && inner === 1
  if (s.full[r] && (scattered(s, i) || (inner !== 0 && inner !== 1))) return gather((lane) => address(s, v, i, r, lane), x, lanes, storage)
  if (storage !== undefined)
    return x.set(contiguous ? loadNarrow(origin(s, i, r), storage, v.ahead) : f32x4.splat(loadOne(address(s, v, i, r, 0), storage)))
  return x.set(contiguous ? loadLanes(origin(s, i, r), lanes, 16 * v.ahead) : v128.load32_splat(address(s, v, i, r, 0)))
}
/** Within the guards along the row: a whole vector, or lane by lane. */
const guarded = (s: AccessState, v: VectorAccess, i: Load, r: number, lanes: Lanes, guards: readonly Guard[]): Code => {
  const x = v.kept(r)
  const position = (lane: number): I32Code => beyond(i32.shr_u(s.at.get, i32.const(2)), 4 * v.ahead + lane)
  const within = (lane: number): I32Code => all(guards.map((guard) => inside(guard, position(lane))))
  const lane = (l: number): Code =>
    when(within(l), x.set(f32x4.replace(x.get, l, loadOne(address(s, v, i, r, l), s.kernel.streams[i.stream]!.storage))))
  const one = seq(x.set(f32x4.const(0)), ...Array.from({ length: lanes }, (_, l) => lane(l)))
  return when(i32.and(within(0), within(lanes - 1)), plain(s, v, i, r, lanes), one)
}

const store = (s: AccessState, v: VectorAccess, i: AccessStore, r: number, lanes: Lanes): Code => {
  const { inner } = s.kernel.streams[i.stream]!
  const x = v.value(i.arg)
  const put = (l: number): Code => {
    const there = address(s, v, i, r, l)
    const one = f32x4.extract(x, l)
    return f32.store(there, i.merge === undefined ? one : mergeOne(i.merge, f32.load(there), one))
  }
  if (!s.full[r]) return put(0)
  if (inner !== 1 || scattered(s, i)) return seq(...Array.from({ length: lanes }, (_, l) => put(l)))
  const there = origin(s, i, r)
  const merged = i.merge === undefined ? x : merge(i.merge, loadLanes(there, lanes, 16 * v.ahead), x)
  return seq(s.spare.set(merged), storeLanes(there, s.spare, lanes, 16 * v.ahead))
}
