/**
 * Value functions as text: formulas of z, or a body of the scalar language as a TypeScript file has it. Both are parsed, never executed, so that a
 * text from somewhere else can neither loop nor reach anything.
 *
 *     log(sigmoid(z)) − 0.1 max(0, z − 1)        (S) => (z) => S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), z)))
 */
import { type Primitive, primitives, type Unary } from '../../../core/index.ts'
import { applyPrimitive } from '../../../core/internal.ts'
import { type Cursor, cursorOf } from './cursor.ts'

/** A formula as a tree over the primitives of the scalar language. */
export type Expression =
  | { readonly tag: 'number'; readonly value: number }
  | { readonly tag: 'z' }
  | { readonly tag: 'call'; readonly primitive: Primitive; readonly args: readonly Expression[] }

export const constant = (value: number): Expression => ({ tag: 'number', value })
export const variable: Expression = { tag: 'z' }
export const call = (primitive: Primitive, ...args: readonly Expression[]): Expression => ({ tag: 'call', primitive, args })
const negative = (x: Expression): Expression => (x.tag === 'number' ? constant(-x.value) : call('mul', constant(-1), x))

type Make = (...args: readonly Expression[]) => Expression
/** Functions that are written with others. */
const composed: ReadonlyMap<string, readonly [arity: number, make: Make]> = new Map([
  ['of', [1, (x = variable) => x]],
  ['min', [2, (x = variable, y = variable) => negative(call('max', negative(x), negative(y)))]],
  ['abs', [1, (x = variable) => call('max', x, negative(x))]],
  ['relu', [1, (x = variable) => call('max', constant(0), x)]],
  ['logsigmoid', [1, (x = variable) => negative(call('softplus', negative(x)))]],
  ['σ', [1, (x = variable) => call('sigmoid', x)]],
])
const arities: { readonly [P in Primitive]?: number } = { add: 2, sub: 2, mul: 2, div: 2, max: 2, less: 2, equal: 2, where: 3 }

/** How many arguments a function takes, and what it makes of them. */
const functionOf = (word: string): readonly [arity: number, make: Make] | undefined => {
  const primitive = primitives.find((known) => known === word)
  return primitive === undefined ? composed.get(word) : [arities[primitive] ?? 1, (...args) => call(primitive, ...args)]
}
const unknown = (word: string, name: string): string =>
  `there is no function “${word}”: there are ${[...primitives, ...composed.keys()].join(', ')}, and the variable ${name}`

/** A body of the scalar language says its own names for the interpretation and the variable: (S) => (z) => …. */
const header = /^\s*\(?\s*([A-Za-z_]\w*)\s*\)?\s*=>\s*\(?\s*([A-Za-z_]\w*)\s*\)?\s*=>/

/** What is read, where, and how the variable and the interpretation are called. */
interface FormulaReading extends Cursor {
  readonly name: string
  readonly language: string | undefined
}

/**
 * The tree of a formula.
 * @throws ExpressionError naming the place
 */
export const parse = (text: string): Expression => {
  const [prefix = '', language, name = 'z'] = header.exec(text) ?? []
  const at: FormulaReading = { ...cursorOf(text, prefix.length), name, language }
  const made = choice(at)
  return at.peek() === undefined ? made : at.fail(`expected the end of the formula, found ${at.found()}`)
}

const choice = (at: FormulaReading): Expression =>
  at.deeper(() => {
    const condition = comparison(at)
    if (at.take('?') === undefined) return condition
    const yes = choice(at)
    at.expect(':')
    return call('where', condition, yes, choice(at))
  })
const comparison = (at: FormulaReading): Expression => {
  const left = sum(at)
  const sign = at.take('<', '>')
  if (sign === undefined) return left
  const right = sum(at)
  return sign === '<' ? call('less', left, right) : call('less', right, left)
}
const sum = (at: FormulaReading): Expression => {
  let left = product(at)
  for (let sign = at.take('+', '-'); sign !== undefined; sign = at.take('+', '-'))
    left = call(sign === '+' ? 'add' : 'sub', left, product(at))
  return left
}
/** A factor may stand beside another without a sign: 2z, 0.1 max(0, z). */
const product = (at: FormulaReading): Expression => {
  let left = signed(at)
  for (;;) {
    const sign = at.take('*', '/')
    if (sign === undefined && !/^[A-Za-zσ_(]/.test(at.peek() ?? '')) return left
    left = call(sign === '/' ? 'div' : 'mul', left, signed(at))
  }
}
const signed = (at: FormulaReading): Expression => (at.take('-') === undefined ? power(at) : at.deeper(() => negative(signed(at))))
const power = (at: FormulaReading): Expression => {
  const base = atom(at)
  if (at.take('^') === undefined) return base
  const exponent = Number(at.peek())
  if (!(Number.isInteger(exponent) && exponent >= 1 && exponent <= 8))
    at.fail(`a power is a whole number from 1 to 8, found ${at.found()}: write exp(a log(x)) for others`)
  at.next()
  return Array.from({ length: exponent - 1 }).reduce<Expression>((made) => call('mul', made, base), base)
}
const atom = (at: FormulaReading): Expression => {
  const token = at.peek()
  if (token === undefined) return at.fail('the formula ends too early')
  if (/^[.\d]./.test(token) || /^\d/.test(token)) return constant(Number(at.next()))
  if (at.take('(') !== undefined) {
    const inner = choice(at)
    at.expect(')')
    return inner
  }
  if (!/^[A-Za-zσ_]/.test(token)) return at.fail(`expected a number, ${at.name} or a function, found ${at.found()}`)
  return named(at)
}
const named = (at: FormulaReading): Expression => {
  if (at.take(at.name) !== undefined) return variable
  if (at.take('e') !== undefined) {
    at.expect('^')
    return call('exp', atom(at))
  }
  if (at.language !== undefined && at.take(at.language) !== undefined) at.expect('.')
  const word = at.next()
  const [wanted, make] = functionOf(word) ?? at.fail(unknown(word, at.name), 1)
  if (at.take('(') === undefined) at.fail(`${word} takes its arguments in parentheses, found ${at.found()}`)
  const args = argumentsOf(at)
  return args.length === wanted
    ? make(...args)
    : at.fail(`${word} takes ${wanted} argument${wanted === 1 ? '' : 's'}, found ${args.length}`)
}
const argumentsOf = (at: FormulaReading): readonly Expression[] => {
  const args: Expression[] = []
  while (at.take(')') === undefined) {
    args.push(choice(at))
    if (at.peek() !== ')') at.expect(',')
  }
  return args
}

/** The formula as a body: what is drawn, proved and trained. */
export const bodyOf =
  (expression: Expression): Unary =>
  (S) =>
  (z) => {
    const read = (e: Expression): typeof z =>
      e.tag === 'number' ? S.of(e.value) : e.tag === 'z' ? z : applyPrimitive(S, e.primitive, e.args.map(read))
    return read(expression)
  }
