/**
 * The scalar language read at text: JavaScript to run, LaTeX to read.
 * A printed body computes what the body computes; `javascript` is tested to do so.
 */
import { reading, type Scalar, type Word } from './scalar.ts'

type Templates = { readonly [W in Word]: (x: string, y: string, z: string) => string }
const printer = (numeral: (n: number) => string, templates: Templates): Scalar<string> =>
  reading(numeral, (word, [x = '', y = '', z = '']) => templates[word](x, y, z))

const call = (name: string) => (x: string) => `${name}(${x})`
const infix = (sign: string) => (x: string, y: string) => `(${x} ${sign} ${y})`
const numeral = (n: number): string => (n < 0 ? `(${n})` : `${n}`)
const arithmetic = { add: infix('+'), sub: infix('-'), mul: infix('*'), div: infix('/') }

export const javascript: Scalar<string> = printer(
  (n) => (Number.isFinite(n) ? numeral(n) : n > 0 ? 'Infinity' : n < 0 ? '(-Infinity)' : 'NaN'),
  {
    ...arithmetic,
    max: (x, y) => `Math.max(${x}, ${y})`,
    exp: call('Math.exp'),
    log: call('Math.log'),
    sqrt: call('Math.sqrt'),
    sin: call('Math.sin'),
    cos: call('Math.cos'),
    tanh: call('Math.tanh'),
    expm1: call('Math.expm1'),
    log1p: call('Math.log1p'),
    sigmoid: (x) => `(1 / (1 + Math.exp(-${x})))`,
    softplus: (x) => `(Math.max(${x}, 0) + Math.log1p(Math.exp(-Math.abs(${x}))))`,
    erf: call('erf'),
    less: (x, y) => `(${x} < ${y} ? 1 : 0)`,
    equal: (x, y) => `(${x} === ${y} ? 1 : 0)`,
    where: (p, x, y) => `(${p} !== 0 ? ${x} : ${y})`,
  },
)

const command = (name: string) => (x: string) => `${name}\\left(${x}\\right)`
export const latex: Scalar<string> = printer((n) => (n === Infinity ? '\\infty' : n === -Infinity ? '-\\infty' : `${n}`), {
  add: (x, y) => `${x} + ${y}`,
  sub: (x, y) => `${x} - \\left(${y}\\right)`,
  mul: (x, y) => (x === '-1' ? `-\\left(${y}\\right)` : `\\left(${x}\\right) \\left(${y}\\right)`),
  div: (x, y) => `\\frac{${x}}{${y}}`,
  max: (x, y) => `\\max\\left(${x}, ${y}\\right)`,
  exp: (x) => `e^{${x}}`,
  log: command('\\log'),
  sqrt: (x) => `\\sqrt{${x}}`,
  sin: command('\\sin'),
  cos: command('\\cos'),
  tanh: command('\\tanh'),
  expm1: (x) => `\\left(e^{${x}} - 1\\right)`,
  log1p: (x) => `\\log\\left(1 + ${x}\\right)`,
  sigmoid: command('\\sigma'),
  softplus: (x) => `\\log\\left(1 + e^{${x}}\\right)`,
  erf: command('\\mathrm{erf}'),
  less: (x, y) => `\\left[${x} < ${y}\\right]`,
  equal: (x, y) => `\\left[${x} = ${y}\\right]`,
  where: (p, x, y) => `\\begin{cases} ${x} & ${p} \\\\ ${y} & \\text{otherwise} \\end{cases}`,
})
