/**
 * Functions that a kernel may call. `draw(stream(key, salt), index)` is core/random's uniform: the same 24 bits in every
 * mode. `sine`, `cosine` and `logarithm` are for WebGPU, which promises only an absolute error of 2⁻¹¹ for sin and cos
 * between −π and π, and of 2⁻²¹ for log between ½ and 2: a rotary embedding would be off by 10⁻³, and log(1 + x) lost.
 */
import type { Mode } from './devices.ts'

/** A function as gpu.js wants it declared. */
interface Declared {
  readonly source: string
  readonly settings: { readonly argumentTypes: readonly string[]; readonly returnType: 'Integer' | 'Number' }
}

export const functions = (mode: Mode): readonly Declared[] => [...randomness(mode), ...(mode === 'webgpu' ? accurate : [])]

/**
 * The mixer multiplies 32-bit integers, and gpu.js keeps integers in variables as floats, so every step is a function of
 * integers. Where integers have 32 bits a product wraps by itself; JavaScript needs `Math.imul`, which the other modes
 * compute with floats.
 */
const randomness = (mode: Mode): readonly Declared[] => {
  const product = (x: string, factor: number): string => (mode === 'cpu' ? `Math.imul(${x}, ${factor})` : `${x} * ${factor}`)
  const integers = (name: string, parameters: readonly string[], body: string, returnType: 'Integer' | 'Number' = 'Integer'): Declared => ({
    source: `function ${name}(${parameters.join(', ')}) { return ${body}; }`,
    settings: { argumentTypes: parameters.map(() => 'Integer'), returnType },
  })
  return [
    integers('fold16', ['x'], 'x ^ (x >>> 16)'),
    integers('fold15', ['x'], 'x ^ (x >>> 15)'),
    integers('scale1', ['x'], product('x', 0x21f0aaad)),
    integers('scale2', ['x'], product('x', 0x735a2d97)),
    integers('mix', ['x'], 'fold15(scale2(fold15(scale1(fold16(x)))))'),
    integers('stream', ['key', 'salt'], `mix((mix((key + ${0x9e3779b9 | 0}) | 0) + salt) | 0)`),
    integers('draw', ['h', 'i'], '(mix((mix(i ^ h) + h) | 0) >>> 8) / 16777216', 'Number'),
  ]
}

/** Σᵢ cᵢ sⁱ by Horner's rule. */
const polynomial = (s: string, coefficients: readonly number[]): string =>
  coefficients.reduceRight((rest, c) => (rest === '' ? `${c}` : `${c} + ${s} * (${rest})`), '')

const real = (name: string, body: string): Declared => ({
  source: `function ${name}(x) { ${body} }`,
  settings: { argumentTypes: ['Number'], returnType: 'Number' },
})
/** x − nπ, with π in three parts so that the first two products are exact (Cody & Waite). */
const reduced = 'const r = ((x - n * 3.140625) - n * 0.000967502593994140625) - n * 1.50995799097837e-7;'
/** (−1)ⁿ, for whole n. */
const sign = (n: string): string => `(Math.floor(${n} / 2 + 0.25) * 2 === ${n} ? 1 : -1)`
const odd = `r * (${polynomial('s', [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800])})`
const accurate: readonly Declared[] = [
  // sin x = (−1)ⁿ sin(x − nπ), and cos x = (−1)ⁿ⁺¹ sin(x − (n + ½)π).
  real('sine', `const n = Math.floor(x / ${Math.PI} + 0.5); ${reduced} const s = r * r; return ${sign('n')} * ${odd};`),
  real(
    'cosine',
    `const whole = Math.floor(x / ${Math.PI}); const n = whole + 0.5; ${reduced} const s = r * r; return -(${sign('whole')} * ${odd});`,
  ),
  // log x = 2 artanh z with z = (x − 1)/(x + 1).
  real(
    'logarithm',
    `const z = (x - 1) / (x + 1); const s = z * z;
    const near = 2 * z * (${polynomial(
      's',
      [1, 3, 5, 7, 9, 11, 13, 15].map((n) => 1 / n),
    )});
    return (x > 0.5 && x < 2 ? near : Math.log(x));`,
  ),
]
/** What stands in for Math's functions. */
export const own: { readonly [primitive: string]: string } = { sin: 'sine', cos: 'cosine', log: 'logarithm' }
