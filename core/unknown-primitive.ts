/**
 * What happens when a body asks for a primitive that the language does not have.
 *
 *     (S) => (x) => S.ge(x, x)    →    UnknownPrimitiveError: S.ge is not a primitive of the scalar language (mine.ts:5:23). …
 *
 * TypeScript refuses such a body; JavaScript and type-stripped TypeScript do not. Every interpretation inherits from a proxy, which is
 * reached only by names that the interpretation itself lacks, so that a primitive which exists costs what a property costs.
 */

/** Primitives that are often looked for, and how they are composed. */
const compositions: Readonly<Record<string, string>> = {
  neg: 'S.mul(S.of(-1), x)',
  negate: 'S.mul(S.of(-1), x)',
  abs: 'S.max(x, S.mul(S.of(-1), x))',
  min: 'S.mul(S.of(-1), S.max(S.mul(S.of(-1), x), S.mul(S.of(-1), y)))',
  relu: 'S.max(x, S.of(0))',
  square: 'S.mul(x, x)',
  pow: 'S.exp(S.mul(y, S.log(x))) for x > 0, or products',
  logSigmoid: 'S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), x)))',
  lt: 'S.less(x, y)',
  gt: 'S.less(y, x)',
  greater: 'S.less(y, x)',
  ge: 'S.sub(S.of(1), S.less(x, y))',
  le: 'S.sub(S.of(1), S.less(y, x))',
}

/**
 * A body uses a primitive that the scalar language does not have. The message lists those there are, how the missing one is composed of
 * them where that is known, and where the body is.
 * @example
 * ```ts
 * import { UnknownPrimitiveError, unary } from 'halograd/core'
 * try {
 *   // @ts-expect-error the language has no `ge`
 *   unary((S) => (x) => S.ge(x, x))
 * } catch (error) {
 *   console.log(error instanceof UnknownPrimitiveError && error.primitive) // ge
 * }
 * ```
 */
export class UnknownPrimitiveError extends TypeError {
  override readonly name = 'UnknownPrimitiveError'
  readonly primitive: string
  /** `file:line:column` of the code that asked for it, where the engine tells. */
  readonly location: string | undefined
  constructor(primitive: string, known: readonly string[], location?: string) {
    const composed = Object.hasOwn(compositions, primitive) ? ` Write it as ${compositions[primitive]}.` : ''
    const where = location === undefined ? '' : ` (${location})`
    super(`S.${primitive} is not a primitive of the scalar language${where}. The primitives are ${known.join(', ')}.${composed}`)
    this.primitive = primitive
    this.location = location
  }
}

/** The locations in a stack trace, innermost first: V8's, and those of other engines. */
const locationsIn = (stack: string): readonly string[] =>
  stack.split('\n').flatMap((line) => {
    const [, location] = /((?:[a-z][a-z+.-]*:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/.exec(line) ?? []
    return location === undefined ? [] : [location.startsWith('file://') ? decodeURI(location.slice('file://'.length)) : location]
  })

/** What promises, printers and test runners look up on any object is not taken for a primitive. */
const probed = new Set<PropertyKey>([
  'then',
  'toJSON',
  'asymmetricMatch',
  'nodeType',
  'tagName',
  '$$typeof',
  ...Object.getOwnPropertyNames(Object.prototype),
])

const prototype: object = new Proxy(Object.freeze(Object.create(Object.prototype)), {
  get: (target, name, interpretation: object) => {
    if (typeof name === 'symbol' || probed.has(name)) return Reflect.get(target, name, interpretation)
    throw new UnknownPrimitiveError(name, Object.keys(interpretation), locationsIn(new Error().stack ?? '')[1])
  },
})

/** An object with these properties that refuses every other name. */
export const refusingUnknown = <A extends object>(table: A): A => Object.assign(Object.create(prototype), table)
