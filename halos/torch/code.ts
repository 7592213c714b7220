/**
 * The scalar language interpreted as PyTorch source: pieces of Python with their precedence, axes and kind, so that parentheses, broadcasting
 * and conversions appear only where they are needed, in the forms that people write.
 *
 *     −softplus(−z)  ↦  F.logsigmoid(z)        −max(−a, −b)  ↦  torch.minimum(a, b)        x[example] < y[rival]  ↦  x[:, None] < y
 */
import { interpretation, numbers, type Primitive, type Scalar } from '../../core/index.ts'
import { applyPrimitive } from '../../core/internal.ts'
import { constantExtent, type Extent, extentText } from './extent.ts'

/** Python's precedence: comparison, sum, product, sign, atom. */
export type Precedence = 0 | 1 | 2 | 3 | 4
export interface TorchCode {
  readonly text: string
  readonly level: Precedence
  /** The axes of the tensor, dimension by dimension. */
  readonly axes: readonly string[]
  /** `number`: a Python number, not a tensor. */
  readonly kind: 'real' | 'bool' | 'number'
  /** A number that is the same everywhere. With `extent` a vector of so many. */
  readonly constant?: number
  readonly extent?: Extent
  /** Its negative, where that has a form of its own. */
  readonly minus?: () => TorchCode
}

export const atom = (text: string, axes: readonly string[], more: Partial<TorchCode> = {}): TorchCode => ({
  ...{ text, level: 4, axes, kind: 'real' },
  ...more,
})
const within = ({ text, level }: TorchCode, least: Precedence): string => (level >= least ? text : `(${text})`)
/** As something that a method can be called on. */
export const inParentheses = (x: TorchCode): string => (x.text.startsWith('number(') ? x.text : within(x, 4))

/** A Python literal. */
const literalOf = (n: number): string => {
  if (Number.isNaN(n)) return 'math.nan'
  if (!Number.isFinite(n)) return n > 0 ? 'math.inf' : '-math.inf'
  return Object.is(n, -0) ? '-0.0' : `${n}`
}
export const numeral = (n: number): TorchCode => ({
  ...{ text: literalOf(n), level: n < 0 || Object.is(n, -0) ? 3 : 4, axes: [], kind: 'number', constant: n },
  minus: () => numeral(-n),
})
/** A number that is another one where numbers are float32. */
export const limit = (n: number, single: number): TorchCode => ({
  ...atom(`number(${literalOf(n)}, ${literalOf(single)})`, []),
  minus: () => limit(-n, -single),
})
/** A number that depends on the number of examples. */
export const counted = (extent: Extent): TorchCode => {
  const fixed = constantExtent(extent)
  if (fixed !== undefined) return numeral(fixed)
  const text = extentText(extent)
  return { text, level: text.includes('+') || text.includes(' - ') ? 1 : /[*/]/.test(text) ? 2 : 4, axes: [], kind: 'number' }
}

const real = (x: TorchCode): TorchCode => (x.kind === 'bool' ? atom(`${within(x, 4)}.to(dtype)`, x.axes) : x)
/** A number as a tensor: the printer declares `number` where it is used. */
const tensor = (x: TorchCode): TorchCode => (x.kind === 'number' ? atom(`number(${x.text})`, []) : x)
/** The text of a tensor that is like another one, where the code may be a number. */
export const asTensor = (x: TorchCode, like: string): string => {
  if (x.kind !== 'number' || x.axes.length === 0) return real(tensor(x)).text
  if (x.extent === undefined || extentText(x.extent) !== 'n')
    return `number(${x.text}).expand(${x.extent === undefined ? 'n' : extentText(x.extent)})`
  return x.constant === 1
    ? `torch.ones_like(${like})`
    : x.constant === 0
      ? `torch.zeros_like(${like})`
      : `torch.full_like(${like}, ${x.text})`
}

const negative = (x: TorchCode): TorchCode => {
  if (x.minus) return x.minus()
  return { ...{ text: `-${within(x, 3)}`, level: 3, axes: x.axes, kind: x.kind }, minus: () => x }
}
const isNegative = ({ text, minus }: TorchCode): boolean => minus !== undefined && text.startsWith('-')
const infix = (sign: string, level: Precedence, x: TorchCode, y: TorchCode, axes: readonly string[]): TorchCode => ({
  ...{ text: `${within(x, level)} ${sign} ${within(y, (level + 1) as Precedence)}`, level, axes }, // level is below 4 for operators
  kind: x.kind === 'number' && y.kind === 'number' ? 'number' : 'real',
})
const sub = (x: TorchCode, y: TorchCode, axes: readonly string[]): TorchCode => {
  if (x.constant === 0) return negative(y)
  const made = isNegative(y) ? infix('+', 1, x, negative(y), axes) : infix('-', 1, x, y, axes)
  return { ...made, minus: () => sub(y, x, axes) }
}
const mul = (x: TorchCode, y: TorchCode, axes: readonly string[]): TorchCode => {
  if (x.constant === 1) return y
  if (y.constant === 1) return x
  if (x.constant === -1) return negative(y)
  if (isNegative(y)) return mul(negative(x), negative(y), axes)
  return { ...infix('*', 2, x, y, axes), ...(x.minus && { minus: () => mul(negative(x), y, axes) }) }
}
const isNumber = ({ text, constant }: TorchCode): boolean => constant !== undefined || text.startsWith('number(')
const max = (x: TorchCode, y: TorchCode, axes: readonly string[]): TorchCode => {
  const turnable = isNumber(x) || isNumber(y) || (x.minus !== undefined && y.minus !== undefined)
  if (y.text === negative(x).text) return call('torch.abs', axes, x)
  const least = (): TorchCode => call('torch.minimum', axes, tensor(negative(x)), tensor(negative(y)))
  return { ...call('torch.maximum', axes, tensor(x), tensor(y)), ...(turnable && { minus: least }) }
}
const call = (name: string, axes: readonly string[], ...args: readonly TorchCode[]): TorchCode =>
  atom(`${name}(${args.map(({ text }) => text).join(', ')})`, axes)

const calls: { readonly [W in Primitive]?: string } = {
  exp: 'torch.exp',
  log: 'torch.log',
  sqrt: 'torch.sqrt',
  sin: 'torch.sin',
  cos: 'torch.cos',
  tanh: 'torch.tanh',
  expm1: 'torch.expm1',
  log1p: 'torch.log1p',
  sigmoid: 'torch.sigmoid',
  erf: 'torch.erf',
}

/** The primitive on arguments that broadcast against one another. */
const print = (primitive: Primitive, args: readonly TorchCode[], axes: readonly string[]): TorchCode => {
  const [x, y = x] = args.map(real) as [TorchCode, TorchCode?] // every primitive has one at least
  switch (primitive) {
    case 'add':
      return isNegative(y) ? sub(x, negative(y), axes) : isNegative(x) ? sub(y, negative(x), axes) : infix('+', 1, x, y, axes)
    case 'sub':
      return sub(x, y, axes)
    case 'mul':
      return mul(x, y, axes)
    case 'div':
      return y.constant === 1 ? x : infix('/', 2, x, y, axes)
    case 'max':
      return max(x, y, axes)
    case 'softplus': {
      const logistic = call('F.logsigmoid', axes, negative(x)) // F.softplus is linear above 20, which is wrong by 2e-9
      return { ...{ text: `-${logistic.text}`, level: 3, axes, kind: 'real' }, minus: () => logistic }
    }
    case 'less':
      return { text: `${within(x, 1)} < ${within(y, 1)}`, level: 0, axes, kind: 'bool' }
    case 'equal':
      return { text: `${within(x, 1)} == ${within(y, 1)}`, level: 0, axes, kind: 'bool' }
    case 'where': {
      const [p, a, b] = args as readonly [TorchCode, TorchCode, TorchCode] // `where` has three
      const condition = p.kind === 'bool' ? p : { ...p, text: `${within(p, 1)} != 0` }
      const [yes, no] = a.kind === 'bool' && b.kind === 'bool' ? [a, b] : [real(a), real(b)]
      const bothNumbers = yes.kind === 'number' && no.kind === 'number'
      const made = bothNumbers
        ? call('torch.where', axes, condition, tensor(yes), tensor(no))
        : call('torch.where', axes, condition, yes, no)
      return { ...made, kind: yes.kind === 'bool' ? 'bool' : 'real' }
    }
    default:
      return call(calls[primitive]!, axes, tensor(x))
  }
}

/** A tensor placed among these axes: `x[:, None]` where it lacks one that follows its own. */
const aligned = (x: TorchCode, axes: readonly string[]): TorchCode => {
  const first = axes.findIndex((axis) => x.axes.includes(axis))
  const index = first < 0 ? [] : axes.slice(first).map((axis) => (x.axes.includes(axis) ? ':' : 'None'))
  return index.includes('None') ? { ...atom(`${within(x, 4)}[${index.join(', ')}]`, axes), kind: x.kind } : x
}

/** The scalar language as PyTorch; dimensions are in the order of `order`. Where all arguments are one number each, so is the result. */
export const torchPrimitives = (order: readonly string[]): Scalar<TorchCode> =>
  interpretation<TorchCode>(
    (n, single = n) => (n === single ? numeral(n) : limit(n, single)),
    (primitive, args) => {
      const axes = order.filter((axis) => args.some((x) => x.axes.includes(axis)))
      const values = args.flatMap(({ constant }) => constant ?? [])
      const extent = args.find((x) => x.extent)?.extent
      if (values.length === args.length) return filled(applyPrimitive(numbers, primitive, values), axes, extent)
      const scalars = args.map((x) => (x.constant === undefined ? x : numeral(x.constant))) // a number broadcasts, whatever its axes
      return print(
        primitive,
        scalars.map((x) => aligned(x, axes)),
        axes,
      )
    },
  )

/** The same number along these axes. */
export const filled = (value: number, axes: readonly string[], extent?: Extent): TorchCode =>
  axes.length === 0 ? numeral(value) : { ...numeral(value), axes, ...(extent && { extent }) }
