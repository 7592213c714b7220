/**
 * Loads and stores of a rows kernel: contiguous vectors, any stride lane by lane, guards, data-dependent indices and merges.
 * Strides of program.ts count elements; addresses here count bytes.
 */
import type { FusedKernel, Guard, Instruction } from '../plan/program.ts'
import { type Local, type Locals, seq, when } from './control.ts'
import { type Code, f32, f32x4, i32, v128 } from './instructions.ts'
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

export const access = (locals: Locals, { body, streams }: FusedKernel, full: readonly boolean[], place: StreamPlace): MemoryAccess => {
  const { at, index, pointers } = place
  const spare = locals('v128')
  const unit = (stream: number): 1 | 2 | 4 => bytesOf(streams[stream]!.storage)
  /** Where a row's index sends a load or store. */
  const targets = body.map((i) => ('at' in i && i.at !== undefined && !full[i.at.index] ? locals('i32') : undefined))
  const sent = body.flatMap((i, r) => {
    const target = targets[r]
    return target !== undefined && 'at' in i && i.at !== undefined
      ? [{ target, pointer: pointers[i.stream]!, index: i.at.index, stride: i.at.stride * unit(i.stream) }]
      : []
  })
  const gates = body.map((i) => (i.op === 'load' && (i.guards ?? []).some(({ loop }) => loop >= 0) ? locals('i32') : undefined))

  const inside = ({ from, to }: Guard, x: Code<'i32'>): Code<'i32'> =>
    i32.lt_u(i32.sub(x, i32.const(from)), i32.const(Math.max(0, to - from)))
  const all = (conditions: readonly Code<'i32'>[]): Code<'i32'> => conditions.reduce((x, y) => i32.and(x, y), i32.const(1))
  const open = seq(
    ...body.map((i, r) => {
      const gate = gates[r]
      if (gate === undefined || i.op !== 'load') return seq()
      return gate.set(all(i.guards!.filter(({ loop }) => loop >= 0).map((guard) => inside(guard, index[guard.loop]!.get))))
    }),
  )
  const jump = (bytes: number, value: Code<'v128'>, lane: number): Code<'i32'> =>
    i32.mul(i32.trunc_sat_f32_s(f32x4.extract(value, lane)), i32.const(bytes))
  const known: MemoryAccess['known'] = (register, value) =>
    seq(
      ...sent.flatMap(({ target, pointer, index: mover, stride }) =>
        mover === register ? [target.set(i32.add(pointer.get, jump(stride, value(mover), 0)))] : [],
      ),
    )

  /** The address of what is at `at`. */
  const origin = (i: Load | AccessStore, r: number): Code<'i32'> => {
    const { inner } = streams[i.stream]!
    const start = targets[r]?.get ?? pointers[i.stream]!.get
    const shift = { 4: 0, 2: 1, 1: 2 }[unit(i.stream)]
    const along = shift === 0 ? at.get : i32.shr_u(at.get, i32.const(shift)) // `at` counts bytes of float32
    return inner === 0 || !full[r] ? start : i32.add(start, inner === 1 ? along : i32.mul(along, i32.const(inner)))
  }
  const vector = ({ ahead, kept, value }: VectorAccess): Moves => {
    /** The address of a lane. */
    const address = (i: Load | AccessStore, r: number, lane: number): Code<'i32'> => {
      const there = beyond(origin(i, r), full[r] ? unit(i.stream) * streams[i.stream]!.inner * (4 * ahead + lane) : 0)
      return i.at !== undefined && full[i.at.index] ? i32.add(there, jump(i.at.stride * unit(i.stream), value(i.at.index), lane)) : there
    }
    const scattered = (i: Load | AccessStore): boolean => i.at !== undefined && full[i.at.index]!
    const plain = (i: Load, r: number, lanes: Lanes): Code => {
      const { inner, storage } = streams[i.stream]!
      if (full[r] && (scattered(i) || (inner !== 0 && inner !== 1))) return gather((lane) => address(i, r, lane), kept(r), lanes, storage)
      if (storage !== undefined)
        return kept(r).set(
          full[r] && inner === 1 ? loadNarrow(origin(i, r), storage, ahead) : f32x4.splat(loadOne(address(i, r, 0), storage)),
        )
      return kept(r).set(full[r] && inner === 1 ? loadLanes(origin(i, r), lanes, 16 * ahead) : v128.load32_splat(address(i, r, 0)))
    }
    /** Within the guards along the row: a whole vector, or lane by lane. */
    const guarded = (i: Load, r: number, lanes: Lanes, guards: readonly Guard[]): Code => {
      const x = kept(r)
      const position = (lane: number): Code<'i32'> => beyond(i32.shr_u(at.get, i32.const(2)), 4 * ahead + lane)
      const within = (lane: number): Code<'i32'> => all(guards.map((guard) => inside(guard, position(lane))))
      const lane = (l: number): Code =>
        when(within(l), x.set(f32x4.replace(x.get, l, loadOne(address(i, r, l), streams[i.stream]!.storage))))
      const one = seq(x.set(f32x4.const(0)), ...Array.from({ length: lanes }, (_, l) => lane(l)))
      return when(i32.and(within(0), within(lanes - 1)), plain(i, r, lanes), one)
    }
    const load = (i: Load, r: number, lanes: Lanes): Code => {
      const along = (i.guards ?? []).filter(({ loop }) => loop < 0)
      const row = along.length === 0 ? plain(i, r, lanes) : guarded(i, r, lanes, along)
      return gates[r] === undefined ? row : when(gates[r].get, row, kept(r).set(f32x4.const(0)))
    }

    const store = (i: AccessStore, r: number, lanes: Lanes): Code => {
      const { inner } = streams[i.stream]!
      const x = value(i.arg)
      const put = (l: number): Code => {
        const there = address(i, r, l)
        const one = f32x4.extract(x, l)
        return f32.store(there, i.merge === undefined ? one : mergeOne(i.merge, f32.load(there), one))
      }
      if (!full[r]) return put(0)
      if (inner !== 1 || scattered(i)) return seq(...Array.from({ length: lanes }, (_, l) => put(l)))
      const there = origin(i, r)
      const merged = i.merge === undefined ? x : merge(i.merge, loadLanes(there, lanes, 16 * ahead), x)
      return seq(spare.set(merged), storeLanes(there, spare, lanes, 16 * ahead))
    }
    const read = (stream: number, lanes: Lanes): Code<'v128'> => loadLanes(i32.add(pointers[stream]!.get, at.get), lanes, 16 * ahead)
    return { load, store, read }
  }
  return { open, known, vector }
}
