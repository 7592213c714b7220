/**
 * Sixteen-bit numbers, as checkpoints store them, become float32, exactly.
 *
 *     bf16   bits ≪ 16
 *     f16    the bits without the sign, ≪ 13, are a float32 that is 2¹¹² too small; what was infinite or no number gets all bits of the exponent
 */
import { block, br, br_if, type Local, loop, move, seq } from './control.ts'
import { type Code, f32x4, i32, i32x4, v128 } from './instructions.ts'
import type { Module } from './module.ts'

/** Four numbers, each in the lower half of a lane. The vector is read several times. */
const widenings: Readonly<Record<'Bf16' | 'F16', (x: Local<'v128'>) => Code<'v128'>>> = {
  Bf16: (x) => i32x4.shl(x.get, i32.const(16)),
  F16: (x) => {
    const magnitude = i32x4.shl(v128.and(x.get, i32x4.const(0x7fff)), i32.const(13))
    const scaled = f32x4.mul(magnitude, f32x4.const(2 ** 112))
    const special = f32x4.ge(magnitude, f32x4.const(2 ** -96)) // 2¹⁶ · 2⁻¹¹², the first beyond the finite ones
    const sign = i32x4.shl(v128.and(x.get, i32x4.const(0x8000)), i32.const(16))
    return v128.or(v128.or(scaled, v128.and(special, i32x4.const(0x7f800000))), sign)
  },
}

/**
 * Define widenBf16(to, from, end) and widenF16: the numbers from `from` to `end`, as float32 at `to`. The two may overlap, if they end together.
 */
export const widen = (m: Module): void => {
  for (const [name, widened] of Object.entries(widenings))
    m.define(`widen${name}`, ['i32', 'i32', 'i32'], (locals, to, from, end) => {
      const x = locals('v128')
      const until = (bytes: number, body: Code): Code =>
        block(loop(seq(br_if(1, i32.lt_s(i32.sub(end.get, from.get), i32.const(bytes))), body, br(0))))
      const onward = (bytes: number): Code => seq(move(from, i32.const(bytes)), move(to, i32.const(2 * bytes)))
      return seq(
        until(8, seq(x.set(v128.load16x4_u(from.get)), v128.store(to.get, widened(x)), onward(8))),
        until(2, seq(x.set(i32x4.splat(i32.load16_u(from.get))), v128.store32_lane(to.get, widened(x), 0), onward(2))),
      )
    })
}
