/**
 * The scalar language interpreted at text: JavaScript that computes what the body computes, which is tested. Other interpretations at text are where
 * they are needed: kernels in backends, formulas in halos.
 */
import { interpretation, type Primitive, type Scalar } from './scalar.ts'

const call = (name: string) => (x: string) => `${name}(${x})`
const infix = (sign: string) => (x: string, y: string) => `(${x} ${sign} ${y})`
const numeral = (n: number): string =>
  Number.isFinite(n) ? (n < 0 ? `(${n})` : `${n}`) : n > 0 ? 'Infinity' : n < 0 ? '(-Infinity)' : 'NaN'

const templates: { readonly [W in Primitive]: (x: string, y: string, z: string) => string } = {
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
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
}

export const javascript: Scalar<string> = interpretation(numeral, (primitive, [x = '', y = '', z = '']) => templates[primitive](x, y, z))
