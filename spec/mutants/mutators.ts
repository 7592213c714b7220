/**
 * Mutants: small changes of a source that a test ought to notice, found in its syntax tree. Types, messages and imports are left alone.
 *
 *     a + b  →  a − b, a        x < y  →  x <= y        p ? x : y  →  p ? y : x        S.max(x, y)  →  S.add(x, y)
 */
import { parseSync } from 'oxc-parser'

export interface Mutant {
  readonly file: string
  readonly line: number
  /**
   * Its identity, which neither moving nor formatting the code changes: file | function | the change inside its expression, without spaces;
   * and a number where several are alike.
   */
  readonly key: string
  readonly operator: string
  readonly before: string
  readonly after: string
  /** The whole source, changed. */
  readonly source: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}
/** What a part of a source becomes. */
interface Change {
  readonly operator: string
  readonly start: number
  readonly end: number
  readonly text: string
}
/** A change, the expression around it, and the function or constant that it is in. */
interface Placed extends Change {
  readonly around: { readonly start: number; readonly end: number }
  readonly inside: string
}
type Mutate = (node: Node, textOf: (node: Node) => string) => readonly Change[]

const swaps: Readonly<Record<string, string>> = {
  ...{ '+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '<': '<=', '<=': '<', '>': '>=', '>=': '>' },
  ...{ '===': '!==', '!==': '===', '&&': '||', '||': '&&' },
}
/** Functions and primitives that are taken for one another. */
const confused: Readonly<Record<string, string>> = {
  ...{ add: 'sub', sub: 'add', mul: 'add', div: 'mul', max: 'min', min: 'max', maximum: 'minimum', minimum: 'maximum' },
  ...{ exp: 'expm1', log: 'log1p', some: 'every', every: 'some', sin: 'cos', cos: 'sin', ceil: 'floor', floor: 'ceil' },
}
/** Calls without which a value stays the same kind of value. */
const dropped: ReadonlySet<string> = new Set(['stopGradient', 'abs', 'negate', 'sqrt', 'square'])
const droppedMethods: ReadonlySet<string> = new Set(['filter', 'sort', 'reverse', 'toReversed', 'slice', 'toSorted'])

const node = (x: unknown): Node => x as Node // a field that the syntax of the node promises
const isText = ({ type, value }: Node): boolean => type === 'TemplateLiteral' || (type === 'Literal' && typeof value === 'string')
const whole = (of: Node, operator: string, text: string): Change => ({ operator, start: of.start, end: of.end, text })

const infix: Mutate = (of, textOf) => {
  const [left, right, sign] = [node(of.left), node(of.right), String(of.operator)]
  if (isText(left) || isText(right)) return []
  const [a, b] = [textOf(left), textOf(right)]
  const other = swaps[sign]
  return [
    ...(other === undefined ? [] : [whole(of, `${sign} becomes ${other}`, `(${a} ${other} ${b})`)]),
    ...(['+', '-', '*', '??'].includes(sign) ? [whole(of, `a term is dropped after ${sign}`, `(${a})`)] : []),
  ]
}
const literal: Mutate = (of) => {
  const { value } = of
  if (typeof value === 'boolean') return [whole(of, 'a truth is turned', `${!value}`)]
  if (typeof value !== 'number') return []
  return [whole(of, 'a constant is another', Number.isSafeInteger(value) ? `${value + 1}` : `${value * 2}`)]
}
const call: Mutate = (of, textOf) => {
  const [callee, args] = [node(of.callee), of.arguments as readonly Node[]]
  const method = callee.type === 'MemberExpression' && callee.computed !== true
  const name = callee.type === 'Identifier' ? callee : method ? node(callee.property) : undefined
  if (name === undefined) return []
  const said = String(name.name)
  const other = confused[said]
  const last = args.at(-1)
  return [
    ...(other === undefined ? [] : [{ operator: `${said} becomes ${other}`, start: name.start, end: name.end, text: other }]),
    ...(['add', 'sub', 'mul', 'max', 'maximum'].includes(said) && args.length === 2
      ? [whole(of, `an argument of ${said} is dropped`, `(${textOf(args[0]!)})`)]
      : []),
    ...(dropped.has(said) && last !== undefined ? [whole(of, `${said} is dropped`, `(${textOf(last)})`)] : []),
    ...(said === 'less' && args.length === 2
      ? [whole(of, 'less the other way', `${textOf(callee)}(${textOf(args[1]!)}, ${textOf(args[0]!)})`)]
      : []),
    ...(method && droppedMethods.has(said) ? [whole(of, `.${said}() is dropped`, textOf(node(callee.object)))] : []),
  ]
}
const mutators: Readonly<Record<string, Mutate>> = {
  BinaryExpression: infix,
  LogicalExpression: infix,
  Literal: literal,
  CallExpression: call,
  ConditionalExpression: (of, textOf) => {
    const [test, yes, no] = [of.test, of.consequent, of.alternate].map((part) => textOf(node(part)))
    return [whole(of, 'branches are swapped', `(${test} ? ${no} : ${yes})`)]
  },
  UnaryExpression: (of, textOf) =>
    ['-', '!'].includes(String(of.operator)) ? [whole(of, `${of.operator} is dropped`, `(${textOf(node(of.argument))})`)] : [],
  IfStatement: (of) => [whole(node(of.test), 'a guard is never true', 'false')],
}

/** What no behaviour depends on, or only what is said of it. */
const ignored = (of: Node, parent: Node | undefined): boolean =>
  of.type.startsWith('TS') ||
  ['ImportDeclaration', 'ThrowStatement', 'TemplateLiteral', 'ExportAllDeclaration'].includes(of.type) ||
  (of.type === 'NewExpression' && /Error$/.test(String(node(of.callee).name))) ||
  (of.type === 'Property' && ['name', 'text', 'latex', 'source', 'because'].includes(String(node(of.key).name))) ||
  (parent?.type === 'Property' && parent.key === of) ||
  (parent?.type === 'MemberExpression' && parent.property === of && of.type === 'Literal')

/** The name that a node gives to what is below it, if it gives one. */
const nameOf = (of: Node): string | undefined => {
  const named = of.type === 'Property' ? of.key : ['VariableDeclarator', 'FunctionDeclaration'].includes(of.type) ? of.id : undefined
  if (named === undefined || named === null) return undefined
  const { name, value } = node(named)
  return name === undefined && value === undefined ? undefined : String(name ?? value)
}
interface Place {
  readonly parent?: Node
  readonly inside: readonly string[]
}
const changesIn = (of: Node, textOf: (node: Node) => string, { parent, inside }: Place): readonly Placed[] => {
  if (ignored(of, parent))
    return parent !== undefined && /^TS(As|NonNull|Satisfies)/.test(of.type)
      ? changesIn(node(of.expression), textOf, { parent: of, inside })
      : []
  const name = nameOf(of)
  const within = name === undefined ? inside : [...inside, name]
  const inner = Object.values(of).flatMap((field) => (Array.isArray(field) ? field : [field]))
  const below = inner.filter((field): field is Node => typeof field === 'object' && field !== null && 'type' in field)
  const here = (mutators[of.type]?.(of, textOf) ?? []).map((change) => {
    const around = change.start === of.start && change.end === of.end ? (parent ?? of) : of
    return { ...change, around, inside: within.join('.') }
  })
  return [...here, ...below.flatMap((child) => changesIn(child, textOf, { parent: of, inside: within }))]
}

/** A piece of code as it reads in every formatting. */
const squeeze = (code: string): string =>
  code
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/\s+/g, '')
    .replace(/,(?=[)\]}])/g, '')
const keyOf = (file: string, source: string, { start, end, text, around, inside }: Placed): string => {
  const [left, right] = [squeeze(source.slice(around.start, start)).slice(-30), squeeze(source.slice(end, around.end)).slice(0, 30)]
  const [before, after] = [source.slice(start, end), text].map((code) => squeeze(code).slice(0, 60))
  return `${file} | ${inside} | ${left}[${before} → ${after}]${right}`
}

/** Every mutant of a source, in the order of its text. */
export const mutantsOf = (file: string, source: string): readonly Mutant[] => {
  const { program, errors } = parseSync(file, source)
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]!.message}`)
  const changes = changesIn(program as unknown as Node, ({ start, end }) => source.slice(start, end), { inside: [] })
  const seen = new Map<string, number>()
  return [...changes]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map((change) => {
      const { operator, start, end, text } = change
      const alike = keyOf(file, source, change)
      const nth = (seen.get(alike) ?? 0) + 1
      seen.set(alike, nth)
      const key = nth === 1 ? alike : `${alike} | ${nth}`
      const line = source.slice(0, start).split('\n').length
      return {
        file,
        line,
        key,
        operator,
        before: source.slice(start, end),
        after: text,
        source: source.slice(0, start) + text + source.slice(end),
      }
    })
    .filter(({ source: changed }) => parseSync(file, changed).errors.length === 0)
}
