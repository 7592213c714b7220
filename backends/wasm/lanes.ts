/** Vectors of which only the first few lanes may count: rows end where they end, and nothing beyond is read or written. */
import type { Merge, Storage } from '../../core/internal.ts'
import { type Local, type Locals, seq } from './control.ts'
import { type Code, f32, f32x4, i32, i32x4, type V128Code, v128 } from './instructions.ts'

/** How many lanes hold numbers; the others hold anything. */
export type Lanes = 1 | 2 | 3 | 4
/** A number of elements, rounded up to whole vectors. */
export const padded = (size: number): number => (size + 3) & ~3
type LaneAddress = Code<'i32'>

/** Neighbours in memory; a whole vector may be some bytes ahead. Lanes that do not count become 0. */
export const loadLanes = (at: LaneAddress, lanes: Lanes, ahead = 0): V128Code => {
  if (lanes === 4) return v128.load(at, ahead)
  if (lanes === 3) return f32x4.replace(v128.load64_zero(at), 2, f32.load(at, 8))
  return lanes === 2 ? v128.load64_zero(at) : v128.load32_zero(at)
}
export const storeLanes = (at: LaneAddress, x: Local<'v128'>, lanes: Lanes, ahead = 0): Code => {
  if (lanes === 4) return v128.store(at, x.get, ahead)
  if (lanes === 1) return v128.store32_lane(at, x.get, 0)
  const pair = v128.store64_lane(at, x.get, 0)
  return lanes === 2 ? pair : seq(pair, v128.store32_lane(at, x.get, 2, 8))
}
/** How many bytes a number takes, by how it is kept. */
export const bytesOf = (storage: Storage | undefined): 1 | 2 | 4 => (storage === undefined ? 4 : storage === 'bf16' ? 2 : 1)
/** Neighbours that are kept narrow, widened. Up to 7 bytes beyond those that count are read, too. */
export const loadNarrow = (at: LaneAddress, storage: Storage, vectorsAhead: number): V128Code =>
  storage === 'bf16'
    ? i32x4.shl(v128.load16x4_u(at, 8 * vectorsAhead), i32.const(16))
    : f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i32x4.extend_low_i8x16_s(v128.load32_zero(at, 4 * vectorsAhead))))
/** One number. */
export const loadOne = (at: LaneAddress, storage: Storage | undefined): Code<'f32'> =>
  storage === undefined
    ? f32.load(at)
    : storage === 'bf16'
      ? f32.reinterpret(i32.shl(i32.load16_u(at), i32.const(16)))
      : f32.convert_i32_s(i32.load8_s(at))
/** One address a lane. */
export const gather = (at: (lane: number) => LaneAddress, to: Local<'v128'>, lanes: Lanes, storage: Storage | undefined): Code =>
  seq(
    to.set(storage === undefined ? v128.load32_zero(at(0)) : f32x4.splat(loadOne(at(0), storage))),
    ...[1, 2, 3].slice(0, lanes - 1).map((lane) => to.set(f32x4.replace(to.get, lane, loadOne(at(lane), storage)))),
  )
/** The address `bytes` further on; addresses are unsigned, so a step back is not an offset. */
export const beyond = (at: LaneAddress, bytes: number): LaneAddress => (bytes === 0 ? at : i32.add(at, i32.const(bytes)))

type LaneMonoid = Exclude<Merge, 'logSumExp'>
export const neutral: { readonly [M in LaneMonoid]: number } = { sum: 0, max: -Infinity }
export const merge = (monoid: LaneMonoid, x: V128Code, y: V128Code): V128Code => (monoid === 'sum' ? f32x4.add(x, y) : f32x4.max(x, y))
export const mergeOne = (monoid: LaneMonoid, x: Code<'f32'>, y: Code<'f32'>): Code<'f32'> =>
  monoid === 'sum' ? f32.add(x, y) : f32.max(x, y)
/** Lanes that do not count become neutral. */
const only = (lanes: Lanes, x: V128Code, monoid: LaneMonoid): V128Code => {
  if (lanes === 4) return x
  const mask = i32x4.const(-1, lanes > 1 ? -1 : 0, lanes > 2 ? -1 : 0, 0)
  return monoid === 'sum' ? v128.and(x, mask) : v128.bitselect(x, f32x4.const(neutral[monoid]), mask)
}
/** All vectors of a row, merged. */
export interface Fold {
  readonly begin: Code
  readonly take: (x: V128Code, lanes: Lanes) => Code
  /** What another of the same kind has taken, too. */
  readonly join: (other: Fold) => Code
  /** All four lanes merged, in every lane of the result. */
  readonly end: Code
  readonly parts: readonly Local<'v128'>[]
}
/**
 * A fold into `result`. A maximum takes three instructions a vector, where f32x4.max takes nine: what is greater, and whether any was NaN,
 * are kept apart until the end. The greatest of zeros is +0.
 */
export const fold = (locals: Locals, monoid: LaneMonoid, result: Local<'v128'>): Fold => {
  const begin = result.set(f32x4.const(neutral[monoid]))
  if (monoid === 'sum') {
    const add = (x: V128Code): Code => result.set(f32x4.add(result.get, x))
    return {
      begin,
      take: (x, lanes) => add(only(lanes, x, monoid)),
      join: ({ parts }) => add(parts[0]!.get),
      end: seq(...swapped(result).map(add)),
      parts: [result],
    }
  }
  const [next, wrong] = [locals('v128'), locals('v128')]
  const greater = (x: V128Code): Code => result.set(f32x4.pmax(result.get, x))
  const either = (x: V128Code): Code => wrong.set(v128.or(wrong.get, x))
  return {
    begin: seq(begin, wrong.set(f32x4.const(0))),
    take: (x, lanes) => seq(next.set(only(lanes, x, monoid)), either(f32x4.ne(next.get, next.get)), greater(next.get)),
    join: ({ parts }) => seq(greater(parts[0]!.get), either(parts[1]!.get)),
    end: seq(
      ...swapped(result).map(greater),
      ...swapped(wrong).map(either),
      result.set(f32x4.add(v128.or(result.get, wrong.get), f32x4.const(0))), // all ones is NaN
    ),
    parts: [result, wrong],
  }
}
/** Lanes two apart, and then neighbours, changed over. */
const swapped = ({ get }: Local<'v128'>): readonly V128Code[] => [f32x4.shuffle(get, get, 2, 3, 0, 1), f32x4.shuffle(get, get, 1, 0, 3, 2)]
