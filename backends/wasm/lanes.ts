/** Vectors of which only the first few lanes may count: rows end where they end, and nothing beyond is read or written. */
import type { Merge } from '../../core/index.ts'
import { type Local, seq } from './control.ts'
import { type Code, f32, f32x4, i32, i32x4, v128 } from './instructions.ts'

/** How many lanes hold numbers; the others hold anything. */
export type Lanes = 1 | 2 | 3 | 4
type V = Code<'v128'>
type Address = Code<'i32'>

/** Neighbours in memory; a whole vector may be some bytes ahead. Lanes that do not count become 0. */
export const loadLanes = (at: Address, lanes: Lanes, ahead = 0): V => {
  if (lanes === 4) return v128.load(at, ahead)
  if (lanes === 3) return f32x4.replace(v128.load64_zero(at), 2, f32.load(at, 8))
  return lanes === 2 ? v128.load64_zero(at) : v128.load32_zero(at)
}
export const storeLanes = (at: Address, x: Local<'v128'>, lanes: Lanes, ahead = 0): Code => {
  if (lanes === 4) return v128.store(at, x.get, ahead)
  if (lanes === 1) return v128.store32_lane(at, x.get, 0)
  const pair = v128.store64_lane(at, x.get, 0)
  return lanes === 2 ? pair : seq(pair, v128.store32_lane(at, x.get, 2, 8))
}
/** One address a lane. */
export const gather = (at: (lane: number) => Address, to: Local<'v128'>, lanes: Lanes): Code =>
  seq(
    to.set(v128.load32_zero(at(0))),
    ...[1, 2, 3].slice(0, lanes - 1).map((lane) => to.set(f32x4.replace(to.get, lane, f32.load(at(lane))))),
  )
/** The address `bytes` further on; addresses are unsigned, so a step back is not an offset. */
export const beyond = (at: Address, bytes: number): Address => (bytes === 0 ? at : i32.add(at, i32.const(bytes)))

type Monoid = Exclude<Merge, 'logSumExp'>
export const neutral: { readonly [M in Monoid]: number } = { sum: 0, max: -Infinity }
export const merge = (monoid: Monoid, x: V, y: V): V => (monoid === 'sum' ? f32x4.add(x, y) : f32x4.max(x, y))
export const mergeOne = (monoid: Monoid, x: Code<'f32'>, y: Code<'f32'>): Code<'f32'> => (monoid === 'sum' ? f32.add(x, y) : f32.max(x, y))
/** Lanes that do not count become neutral. */
export const only = (lanes: Lanes, x: V, monoid: Monoid): V => {
  if (lanes === 4) return x
  const mask = i32x4.const(-1, lanes > 1 ? -1 : 0, lanes > 2 ? -1 : 0, 0)
  return monoid === 'sum' ? v128.and(x, mask) : v128.bitselect(x, f32x4.const(neutral[monoid]), mask)
}
/** All four lanes merged, in every lane. */
export const across = (monoid: Monoid, x: Local<'v128'>): Code =>
  seq(
    x.set(merge(monoid, x.get, f32x4.shuffle(x.get, x.get, 2, 3, 0, 1))),
    x.set(merge(monoid, x.get, f32x4.shuffle(x.get, x.get, 1, 0, 3, 2))),
  )
