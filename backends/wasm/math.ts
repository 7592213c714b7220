/**
 * The elementary functions on four lanes: reduce the argument, evaluate a polynomial, undo the reduction.
 *
 *     eˣ = 2ⁿ · eʳ            n = round(x / ln 2),  |r| ≤ ½ ln 2
 *     log x = e · ln 2 + log m                      ½√2 ≤ m < √2
 *     sin x, cos x = ± sin r or ± cos r             r = x − n · π/2,  |r| ≤ π/4
 *
 * Polynomials after Moshier's Cephes library (single precision). Over the whole range, denormals, ±∞ and NaN included,
 * results are within 1 unit in the last place of the correctly rounded ones (sin and cos: 2, for |x| ≤ 2²⁰): see spec/wasm/math.
 */
import { after, type Locals, seq } from './control.ts'
import { f32x4, f64x2, i32, i32x4, type V128Code, v128 } from './instructions.ts'

/** A function of one argument, which it evaluates once. It keeps its intermediate results in locals of its own. */
export type Lanewise = (x: V128Code) => V128Code

/** c₀xⁿ + c₁xⁿ⁻¹ + … + cₙ */
const polynomial = (x: V128Code, ...[first, ...rest]: readonly [number, ...(readonly number[])]): V128Code =>
  rest.reduce((p, c) => f32x4.add(f32x4.mul(p, x), f32x4.const(c)), f32x4.const(first))
/** Beyond these arguments the results are 0 (whatever was computed) and ∞; in between they scale in two steps, so that denormals round once. */
const [lowest, highest] = [-104.5, 89]

const bias = 127
/** Adding this number to a small one rounds that to an integer n, and leaves n + 2 · bias in the lowest bits: exponents for two factors. */
const magic = 1.5 * 2 ** 23 + 2 * bias
/** Where a float has its exponent. */
const exponent = { first: 23, mask: 0x7f800000 }

export const exp = (locals: Locals): Lanewise => {
  const [x, n, r, biased, y, half] = [locals('v128'), locals('v128'), locals('v128'), locals('v128'), locals('v128'), locals('v128')]
  const p = polynomial(r.get, 1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
  const twoTo = (i: number): V128Code => i32x4.shl(biased.get, i32.const(exponent.first - i))
  return (arg) =>
    after(
      seq(
        y.set(arg),
        x.set(f32x4.pmin(y.get, f32x4.const(highest))), // so that NaN stays NaN
        biased.set(f32x4.add(f32x4.mul(x.get, f32x4.const(Math.LOG2E)), f32x4.const(magic))),
        n.set(f32x4.sub(biased.get, f32x4.const(magic))),
        r.set(f32x4.sub(f32x4.sub(x.get, f32x4.mul(n.get, f32x4.const(0.693359375))), f32x4.mul(n.get, f32x4.const(-2.1219444e-4)))),
        x.set(f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r.get, r.get)), r.get), f32x4.const(1))),
        half.set(v128.and(twoTo(1), i32x4.const(exponent.mask))),
      ),
      v128.andnot(f32x4.mul(f32x4.mul(x.get, half.get), i32x4.sub(twoTo(0), half.get)), f32x4.le(y.get, f32x4.const(lowest))),
    )
}

export const log = (locals: Locals): Lanewise => {
  const [x, m, e, z, small] = [locals('v128'), locals('v128'), locals('v128'), locals('v128'), locals('v128')]
  const p = polynomial(
    ...([m.get, 7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1] as const),
    ...[-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1],
  )
  const series = f32x4.sub(
    f32x4.sub(f32x4.mul(f32x4.mul(p, m.get), z.get), f32x4.mul(e.get, f32x4.const(2.1219444e-4))),
    f32x4.mul(f32x4.const(0.5), z.get),
  )
  const ordinary = f32x4.add(f32x4.add(m.get, series), f32x4.mul(e.get, f32x4.const(0.693359375)))
  const atMostZero = v128.bitselect(f32x4.const(-Infinity), f32x4.const(NaN), f32x4.eq(x.get, f32x4.const(0)))
  return (arg) =>
    after(
      seq(
        x.set(arg),
        small.set(f32x4.lt(x.get, f32x4.const(2 ** -126))), // denormals are made normal
        m.set(v128.bitselect(f32x4.mul(x.get, f32x4.const(2 ** 24)), x.get, small.get)),
        e.set(f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(m.get, i32.const(23)), i32x4.const(126)))),
        e.set(f32x4.sub(e.get, v128.and(small.get, f32x4.const(24)))),
        m.set(v128.or(v128.and(m.get, i32x4.const(0x7fffff)), f32x4.const(0.5))), // ½ ≤ m < 1
        small.set(f32x4.lt(m.get, f32x4.const(Math.SQRT1_2))),
        e.set(f32x4.sub(e.get, v128.and(small.get, f32x4.const(1)))),
        m.set(f32x4.sub(f32x4.add(m.get, v128.and(small.get, m.get)), f32x4.const(1))),
        z.set(f32x4.mul(m.get, m.get)),
      ),
      // NaN and ∞ are their own logarithms
      v128.bitselect(v128.bitselect(ordinary, x.get, f32x4.lt(x.get, f32x4.const(Infinity))), atMostZero, f32x4.gt(x.get, f32x4.const(0))),
    )
}

/** π/2 in two parts: a multiple of the first by n < 2²⁰ is exact in double precision (fdlibm). */
const quarter = [1.5707963267341256, 6.077100506506192e-11] as const

/**
 * sin (shift 0) or cos (shift 1) of x is the sine of r in even quadrants, its cosine in odd ones, negated in the upper two. Beyond 2³⁰
 * quadrants (|x| > 1.6e9) nothing is left of r: the result is NaN (all bits set), rather than a wrong number.
 */
const circular =
  (shift: 0 | 1) =>
  (locals: Locals): Lanewise => {
    const [x, n, r, z, quadrant] = [locals('v128'), locals('v128'), locals('v128'), locals('v128'), locals('v128')]
    const [wide, rest, turns] = [locals('v128'), locals('v128'), locals('v128')]
    const reduce = (half: V128Code) =>
      seq(
        wide.set(f64x2.promote_low_f32x4(half)),
        n.set(f64x2.nearest(f64x2.mul(wide.get, f64x2.const(2 / Math.PI)))),
        r.set(f64x2.sub(f64x2.sub(wide.get, f64x2.mul(n.get, f64x2.const(quarter[0]))), f64x2.mul(n.get, f64x2.const(quarter[1])))),
        r.set(f32x4.demote_f64x2_zero(v128.or(r.get, f64x2.lt(f64x2.const(2 ** 30), f64x2.abs(n.get))))),
        n.set(i32x4.trunc_sat_f64x2_s_zero(n.get)),
      )
    const sine = f32x4.add(
      r.get,
      f32x4.mul(f32x4.mul(polynomial(z.get, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1), z.get), r.get),
    )
    const tail = f32x4.mul(polynomial(z.get, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2), f32x4.mul(z.get, z.get))
    const cosine = f32x4.add(f32x4.sub(f32x4.const(1), f32x4.mul(f32x4.const(0.5), z.get)), tail)
    const odd = i32x4.shr_s(i32x4.shl(quadrant.get, i32.const(31)), i32.const(31))
    const sign = i32x4.shl(i32x4.shr_u(quadrant.get, i32.const(1)), i32.const(31))
    return (arg) =>
      after(
        seq(
          x.set(arg),
          reduce(x.get),
          rest.set(r.get),
          turns.set(n.get),
          reduce(f32x4.shuffle(x.get, x.get, 2, 3, 2, 3)),
          r.set(f32x4.shuffle(rest.get, r.get, 0, 1, 4, 5)),
          quadrant.set(i32x4.add(f32x4.shuffle(turns.get, n.get, 0, 1, 4, 5), i32x4.const(shift))),
          z.set(f32x4.mul(r.get, r.get)),
        ),
        v128.xor(v128.bitselect(cosine, sine, odd), sign),
      )
  }
export const sin = circular(0)
export const cos = circular(1)

// ------------------------------------------------------------------ randomness: core/random, on four lanes

/** `mix` of core/random. */
const mix = (locals: Locals): Lanewise => {
  const h = locals('v128')
  const xorshift = (by: number, x: V128Code): V128Code => v128.xor(h.tee(x), i32x4.shr_u(h.get, i32.const(by)))
  return (x) => xorshift(15, i32x4.mul(xorshift(15, i32x4.mul(xorshift(16, x), i32x4.const(0x21f0aaad))), i32x4.const(0x735a2d97)))
}
/** `stream` of core/random: of keys as numbers. */
export const stream = (locals: Locals): ((key: V128Code, salt: number) => V128Code) => {
  const m = mix(locals)
  return (key, salt) => m(i32x4.add(m(i32x4.add(i32x4.trunc_sat_f32x4_s(key), i32x4.const(0x9e3779b9))), i32x4.const(salt)))
}
/** `draw` of core/random: of the indices, as integers. */
export const draw = (locals: Locals): ((h: V128Code, index: V128Code) => V128Code) => {
  const m = mix(locals)
  return (h, index) =>
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(m(i32x4.add(m(v128.xor(index, h)), h)), i32.const(8))), f32x4.const(2 ** -24))
}
