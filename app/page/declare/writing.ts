/**
 * Formulas written out: as people write them, `σ(z − 1)`, and as TypeScript of the scalar language, `S.sigmoid(S.sub(z, S.of(1)))`. Either text
 * parses to the same tree again.
 */
import { interpretation, type Primitive, type Unary } from '../../../core/index.ts'
import type { Expression } from './expression.ts'

/** How tightly a text holds together: a choice, a sum, a product, an atom. */
interface WrittenFormula {
  readonly text: string
  readonly level: 0 | 1 | 2 | 3
}
const wrap = ({ text, level }: WrittenFormula, least: number): string => (level >= least ? text : `(${text})`)
const numeral = (n: number): WrittenFormula => {
  if (!Number.isFinite(n)) return { text: n > 0 ? '(1 / 0)' : n < 0 ? '(-1 / 0)' : '(0 / 0)', level: 3 }
  return { text: `${Number(n.toPrecision(12))}`.replace('e+', 'e'), level: n < 0 ? 1 : 3 }
}

const infix: { readonly [P in Primitive]?: readonly [sign: string, level: 1 | 2] } = {
  add: ['+', 1],
  sub: ['-', 1],
  mul: ['*', 2],
  div: ['/', 2],
}
const write = (primitive: Primitive, args: readonly WrittenFormula[]): WrittenFormula => {
  const [x = numeral(0), y = numeral(0), z = numeral(0)] = args
  if (primitive === 'mul' && x.text === '-1') return { text: `-${wrap(y, 2)}`, level: 1 }
  const operator = infix[primitive]
  if (operator !== undefined) {
    const [sign, level] = operator
    return { text: `${wrap(x, level)} ${sign} ${wrap(y, sign === '+' ? level : level === 1 ? 2 : 3)}`, level }
  }
  if (primitive === 'where') return { text: `${wrap(x, 1)} ? ${wrap(y, 1)} : ${wrap(z, 0)}`, level: 0 }
  return { text: `${primitive}(${args.map(({ text }) => text).join(', ')})`, level: 3 }
}
const writer = interpretation<WrittenFormula>(numeral, write)

/** Any body as a formula of z. */
export const formulaOf = (body: Unary): string => body(writer)({ text: 'z', level: 3 }).text

/** A formula as TypeScript: the body of a value function, `(S) => (z) => …`. */
export const typescriptOf = (expression: Expression): string => {
  const of = (e: Expression): string =>
    e.tag === 'number' ? `S.of(${e.value})` : e.tag === 'z' ? 'z' : `S.${e.primitive}(${e.args.map(of).join(', ')})`
  const usesLanguage = expression.tag !== 'z'
  return `(${usesLanguage ? 'S' : ''}) => (${/\bz\b/.test(of(expression)) ? 'z' : ''}) => ${of(expression)}`
}
