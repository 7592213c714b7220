/**
 * What @huggingface/jinja computes otherwise than Jinja2, put right, so that a chat template writes here what it writes in Python.
 *
 *     {{ none }} → None     {{ true }} → True     strip(chars)     capitalize, title     length in characters     a ~ b     −7 % 3 = 2
 *     {% continue %} and {% break %} keep what the iteration has written before them
 *
 * What the library does not know it refuses by itself; this is about what it gets wrong silently. Checked against Jinja2 3.1.6 (spec/models-io/jinja2).
 */

/** A node of a template: its type, and fields by the type. */
interface TemplateNode {
  readonly type: string
  readonly [field: string]: unknown
}
/** A value while a template runs: the library's, whose types TypeScript cannot find. */
interface TemplateValue {
  readonly type: string
  readonly value: unknown
}
interface Interpreter {
  evaluate: (node: TemplateNode | undefined, scope: unknown) => TemplateValue
  evaluateBlock: (nodes: readonly TemplateNode[], scope: unknown) => TemplateValue
}

/** The source as Jinja2 reads it: whatever its editor ended lines with, they end in \n. */
export const normalized = (source: string): string => source.replace(/\r\n?/g, '\n')

/** Thrown where an iteration ends early; what has been written meanwhile goes along. */
class LoopControl extends Error {
  written = ''
  readonly ends: boolean
  constructor(ends: boolean) {
    super(ends ? 'break outside of a loop' : 'continue outside of a loop')
    this.ends = ends
  }
}

/** The interpreter, changed in place: it is made for one rendering. */
export const likeJinja2 = <I extends Interpreter>(interpreter: I): I => {
  const evaluate: Interpreter['evaluate'] = interpreter.evaluate.bind(interpreter)
  const evaluateBlock: Interpreter['evaluateBlock'] = interpreter.evaluateBlock.bind(interpreter)
  const loops: { readonly body: unknown; over: boolean }[] = []
  const text = (written: string): TemplateValue => like(evaluateBlock([], undefined), written)

  interpreter.evaluate = (node, scope) => {
    if (node?.type === 'Continue' || node?.type === 'Break') throw new LoopControl(node.type === 'Break')
    if (node?.type !== 'For') return (node && computed(node, (part) => interpreter.evaluate(part, scope), text)) ?? evaluate(node, scope)
    loops.push({ body: node.body, over: false })
    try {
      return evaluate(node, scope)
    } finally {
      loops.pop()
    }
  }

  interpreter.evaluateBlock = (nodes, scope) => {
    const loop = loops.at(-1)?.body === nodes ? loops.at(-1) : undefined
    if (loop?.over) return text('')
    let written = ''
    try {
      for (const node of nodes) {
        const value = interpreter.evaluate(node, scope)
        if (!silent.has(node.type)) written += shown(value)
      }
    } catch (error) {
      if (!(error instanceof LoopControl)) throw error
      error.written = written + error.written
      if (loop === undefined) throw error
      loop.over = error.ends
      written = error.written
    }
    return text(written)
  }
  return interpreter
}

/** Statements that write nothing, though they have a value. */
const silent: ReadonlySet<string> = new Set(['Set', 'Macro', 'Comment'])

/** Another value of the same type. */
const like = (value: TemplateValue, content: unknown): TemplateValue => Reflect.construct(value.constructor, [content])

// ------------------------------------------------------------------ expressions

type EvaluateTemplate = (node: TemplateNode) => TemplateValue

/** The value of an expression that the library would compute otherwise; nothing where it is right. */
const computed = (node: TemplateNode, evaluate: EvaluateTemplate, text: (written: string) => TemplateValue): TemplateValue | undefined => {
  const strings = (operand: TemplateNode, method: string, args: readonly TemplateNode[]): TemplateValue | undefined => {
    if (!Object.hasOwn(methods, method)) return undefined
    const found = evaluate(operand)
    const given = args.map(evaluate)
    const method_ = methods[method]!
    if (typeof found.value !== 'string' || given.some(({ type }) => type !== 'StringValue' && type !== 'NullValue')) return undefined
    return text(method_(found.value, typeof given[0]?.value === 'string' ? given[0].value : undefined))
  }
  const { callee, args, operand, filter, operator, left, right } = node
  if (node.type === 'CallExpression' && isNode(callee) && callee.type === 'MemberExpression' && callee.computed === false)
    return isNode(callee.object) && isNode(callee.property) ? strings(callee.object, String(callee.property.value), nodes(args)) : undefined
  if (node.type === 'FilterExpression' && isNode(operand) && isNode(filter)) {
    const called = filter.type === 'CallExpression' && isNode(filter.callee) ? filter.callee : filter
    return filtered(String(called.value), operand, nodes(filter.args), evaluate, strings, text)
  }
  if (node.type === 'BinaryExpression' && isNode(left) && isNode(right) && isNode(operator)) {
    if (operator.value === '~') return text(shown(evaluate(left)) + shown(evaluate(right)))
    if (operator.value === '%') return modulo(evaluate(left), evaluate(right))
  }
  return undefined
}

const isNode = (value: unknown): value is TemplateNode => typeof value === 'object' && value !== null && 'type' in value
const nodes = (value: unknown): readonly TemplateNode[] => (Array.isArray(value) ? value.filter(isNode) : [])

/** Python's methods of texts, with one argument at most. */
const methods: Readonly<Record<string, (text: string, argument?: string) => string>> = {
  strip: (text, chars) => stripped(stripped(text, chars, 'start'), chars, 'end'),
  lstrip: (text, chars) => stripped(text, chars, 'start'),
  rstrip: (text, chars) => stripped(text, chars, 'end'),
  capitalize: (text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase(),
  title: (text) => text.replace(/\p{L}+/gu, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()),
}

/** What Python's str.isspace accepts. */
const space =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'

const stripped = (text: string, chars: string | undefined, side: 'start' | 'end'): string => {
  const [set, characters] = [new Set(chars ?? space), [...text]]
  if (side === 'start') return characters.slice(Math.max(0, firstNot(characters, set))).join('')
  return characters.slice(0, characters.length - firstNot(characters.toReversed(), set)).join('')
}
const firstNot = (characters: readonly string[], set: ReadonlySet<string>): number => {
  const index = characters.findIndex((character) => !set.has(character))
  return index < 0 ? characters.length : index
}

/** Filters of the methods' names, where Jinja2 has them: trim is strip, title counts words otherwise. */
const filtered = (
  name: string,
  operand: TemplateNode,
  args: readonly TemplateNode[],
  evaluate: EvaluateTemplate,
  strings: (operand: TemplateNode, method: string, args: readonly TemplateNode[]) => TemplateValue | undefined,
  text: (written: string) => TemplateValue,
): TemplateValue | undefined => {
  if (name === 'trim' || name === 'capitalize') return strings(operand, name === 'trim' ? 'strip' : name, args)
  if (name !== 'title' && name !== 'length' && name !== 'count' && name !== 'string' && !(name === 'join' && args.length < 2))
    return undefined
  const found = evaluate(operand)
  if (name === 'title')
    return typeof found.value === 'string' ? text(found.value.replace(/[^-\s({[<]+/gu, (word) => methods.capitalize!(word))) : undefined
  if (name === 'string') return text(shown(found))
  if (name === 'join') {
    const separator = args[0] === undefined || args[0].type === 'KeywordArgumentExpression' ? undefined : shown(evaluate(args[0]))
    if (!Array.isArray(found.value) || (args.length > 0 && separator === undefined)) return undefined
    return text(found.value.map(shown).join(separator ?? ''))
  }
  return typeof found.value === 'string' ? evaluate({ type: 'IntegerLiteral', value: [...found.value].length }) : undefined
}

/** Python's remainder has the sign of the divisor. A text on the left would be formatted: that is not supported. */
const modulo = (left: TemplateValue, right: TemplateValue): TemplateValue => {
  if (typeof left.value !== 'number' || typeof right.value !== 'number')
    throw new Error(`% of ${left.type} and ${right.type} is not supported`)
  return like(left.type === 'FloatValue' ? left : right, ((left.value % right.value) + right.value) % right.value)
}

// ------------------------------------------------------------------ output

/** A value as Python's str() has it. */
const shown = (value: TemplateValue): string => {
  switch (value.type) {
    case 'UndefinedValue':
      return ''
    case 'StringValue':
      return String(value.value)
    default:
      return represented(value)
  }
}

/** …and as repr() has it. */
const represented = (value: TemplateValue): string => {
  switch (value.type) {
    case 'NullValue':
      return 'None'
    case 'UndefinedValue':
      return 'Undefined'
    case 'BooleanValue':
      return value.value ? 'True' : 'False'
    case 'StringValue':
      return quoted(String(value.value))
    case 'ArrayValue':
      return `[${elements(value).join(', ')}]`
    case 'TupleValue':
      return elements(value).length === 1 ? `(${elements(value)[0]},)` : `(${elements(value).join(', ')})`
    case 'ObjectValue':
      return value.value instanceof Map
        ? `{${[...value.value].map(([key, each]) => `${quoted(String(key))}: ${represented(each)}`).join(', ')}}`
        : String(value)
    case 'FunctionValue':
      throw new Error('a function cannot be written')
    default:
      return String(value)
  }
}
const elements = ({ value }: TemplateValue): readonly string[] => (Array.isArray(value) ? value.map(represented) : [])

const quoted = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', [quote]: `\\${quote}` }
  return `${quote}${text.replace(/[\\\n\r\t'"]/g, (sign) => escapes[sign] ?? sign)}${quote}`
}
