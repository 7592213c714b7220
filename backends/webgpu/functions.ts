/**
 * Functions of shaders. WGSL promises only an absolute error of 2⁻¹¹ for sin and cos between −π and π, and of 2⁻²¹ for log between ½ and 2:
 * a rotary embedding would be off by 10⁻³, and log(1 + x) lost. `draw(stream(key, salt), index)` is core/random's uniform: the same 24 bits.
 *
 *     log x = e · ln 2 + log m,  ½√2 ≤ m < √2         sin x = ± sin r or ± cos r,  r = x − n · π/2
 *
 * Polynomials after Moshier's Cephes library (single precision).
 */

/** Σᵢ cᵢ zⁱ by Horner's rule, the highest power first. */
const polynomial = (z: string, [first, ...rest]: readonly number[]): string =>
  rest.reduce((p, c) => `fma(${p}, ${z}, ${c < 0 ? `(${c}f)` : `${c}f`})`, `(${first}f)`)

/** π/2 in three parts: products of the first two with n < 2¹³ are exact (Cody & Waite). */
const quarter = [1.5703125, 4.837512969970703e-4, 7.54978995489188e-8] as const

/** A remainder in [−π/4, π/4] and its quadrant. Multiples are subtracted one by one: a compiler that fuses them makes them no worse. */
const circle = `fn circle(x: f32, turn: i32) -> f32 {
  let n = round(x * ${2 / Math.PI}f);
  let r = fma(-n, ${quarter[2]}f, fma(-n, ${quarter[1]}f, fma(-n, ${quarter[0]}f, x)));
  let z = r * r;
  let q = i32(n) + turn;
  let s = fma(${polynomial('z', [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1])} * z, r, r);
  let c = fma(${polynomial('z', [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2])} * z, z, fma(-0.5f, z, 1f));
  let y = select(s, c, (q & 1) == 1);
  return select(y, -y, (q & 2) == 2);
}`

const logarithm = `fn logarithm(x: f32) -> f32 {
  let small = x < 1.17549435e-38f;
  let bits = bitcast<u32>(select(x, x * 16777216f, small));
  var e = i32(bits >> 23u) - 126 - select(0, 24, small);
  var m = bitcast<f32>((bits & 0x7fffffu) | 0x3f000000u);
  if (m < ${Math.fround(Math.SQRT1_2)}f) { e -= 1; m = m + m; }
  m -= 1f;
  let z = m * m;
  let p = ${polynomial(
    'm',
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
      -2.4999993993e-1, 3.3333331174e-1,
    ],
  )};
  let n = f32(e);
  let y = m + (fma(p * m, z, n * -2.1219444e-4f) - 0.5f * z) + n * 0.693359375f;
  if (x > 0f) { return select(x, y, x <= 3.4028234e38f); }
  return select(nan(), -infinity(), x == 0f);
}`

const random = `fn mix32(x: u32) -> u32 {
  var h = x ^ (x >> 16u);
  h *= 0x21f0aaadu;
  h ^= h >> 15u;
  h *= 0x735a2d97u;
  return h ^ (h >> 15u);
}
fn stream(key: f32, salt: u32) -> u32 { return mix32(mix32(u32(i32(key)) + 0x9e3779b9u) + salt); }
fn draw(h: u32, index: i32) -> f32 { return f32(mix32(mix32(u32(index) ^ h) + h) >> 8u) * 5.9604644775390625e-8f; }`

/** All functions, each with those that it calls: what a shader does not call costs it nothing but its text. */
const library: readonly { readonly calls: RegExp; readonly text: string }[] = [
  { calls: /\b(sine|cosine)\(/, text: circle },
  { calls: /\bsine\(/, text: 'fn sine(x: f32) -> f32 { return circle(x, 0); }' },
  { calls: /\bcosine\(/, text: 'fn cosine(x: f32) -> f32 { return circle(x, 1); }' },
  { calls: /\blogarithm\(/, text: logarithm },
  { calls: /\b(stream|draw)\(/, text: random },
]

/** The functions that a text calls. */
export const functionsFor = (text: string): readonly string[] => library.filter(({ calls }) => calls.test(text)).map((f) => f.text)
