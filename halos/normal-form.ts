/**
 * Scalar expressions in normal form: polynomials in atoms, which are leaves and whatever is not a sum, difference, product or quotient by a
 * number, of arguments that are in normal form themselves. Equal forms are equal functions, however they were written:
 *
 *     2 (x + y) − x  =  x + 2 y
 */
import { interpretation, numbers, type Primitive, type Scalar } from '../core/index.ts'
import { applyPrimitive } from '../core/internal.ts'

/** Coefficients by monomial: the numbers of its atoms, in order. */
export type Form = ReadonlyMap<string, number>

/** Coefficients that differ by what their constants were rounded by are the same. */
const rounding = 2 ** -40
const significant = 11
/** More terms than any loss of a few examples has. */
const most = 4096

const constant = (n: number): Form => new Map(n === 0 ? [] : [['', n]])
const numberOf = (form: Form): number | undefined => (form.size === 0 ? 0 : form.size === 1 ? form.get('') : undefined)
/** Sums of like terms; what has cancelled is gone. */
const collected = (terms: Iterable<readonly [string, number]>): Form => {
  const [sums, sizes] = [new Map<string, number>(), new Map<string, number>()]
  for (const [key, k] of terms) {
    sums.set(key, (sums.get(key) ?? 0) + k)
    sizes.set(key, Math.max(sizes.get(key) ?? 0, Math.abs(k)))
  }
  if (sums.size > most) throw new TypeError(`an expression of more than ${most} terms`)
  return new Map([...sums].filter(([key, k]) => !(Math.abs(k) <= rounding * sizes.get(key)!))) // NaN stays
}
const textOf = (form: Form): string =>
  [...form]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, k]) => `${k.toPrecision(significant)}·${key}`)
    .join('+')

const scaled = (k: number, form: Form): Form => collected([...form].map(([key, x]) => [key, k * x] as const))
const plus = (x: Form, y: Form): Form => collected([...x, ...y])
/** x − k y. */
export const minus = (x: Form, y: Form, k = 1): Form => plus(x, scaled(-k, y))
const atomsOf = (key: string): readonly string[] => (key === '' ? [] : key.split(' '))
const monomial = (a: string, b: string): string => [...atomsOf(a), ...atomsOf(b)].sort().join(' ')
const times = (x: Form, y: Form): Form => collected([...x].flatMap(([a, k]) => [...y].map(([b, l]) => [monomial(a, b), k * l] as const)))
const commutative: ReadonlySet<Primitive> = new Set<Primitive>(['max', 'equal'])

/** The scalar language read at normal forms. Atoms are numbered as they are met, so that the forms of one reading can be compared. */
export interface NormalForms {
  readonly scalar: Scalar<Form>
  readonly leaf: (name: string) => Form
  /** The leaves on which a form depends. */
  readonly leavesOf: (form: Form) => ReadonlySet<string>
}
export const normalForms = (): NormalForms => {
  const atoms = new Map<string, string>()
  const leaves: ReadonlySet<string>[] = []
  const leavesOf = (form: Form): ReadonlySet<string> =>
    new Set([...form.keys()].flatMap((key) => atomsOf(key).flatMap((atom) => [...leaves[Number(atom)]!])))
  const atom = (text: string, of: readonly string[]): Form => {
    const key = atoms.get(text) ?? `${leaves.push(new Set(of)) - 1}`
    atoms.set(text, key)
    return new Map([[key, 1]])
  }
  const apply = (primitive: Primitive, args: readonly Form[]): Form => {
    const [x, y, z] = args as readonly [Form, Form, Form] // as many as the primitive takes
    const values = args.map(numberOf)
    if (values.every((value) => value !== undefined)) return constant(applyPrimitive(numbers, primitive, values))
    const texts = args.map(textOf)
    const of = args.flatMap((form) => [...leavesOf(form)])
    switch (primitive) {
      case 'add':
        return plus(x, y)
      case 'sub':
        return minus(x, y)
      case 'mul':
        return times(x, y)
      case 'div':
        return values[1] === undefined ? times(x, atom(`1/(${texts[1]})`, [...leavesOf(y)])) : scaled(1 / values[1], x)
      case 'where':
        if (values[0] !== undefined) return values[0] !== 0 ? y : z
        if (texts[1] === texts[2]) return y
        break
    }
    return atom(`${primitive}(${(commutative.has(primitive) ? [...texts].sort() : texts).join(';')})`, of)
  }
  return { scalar: interpretation(constant, apply), leaf: (name) => atom(name, [name]), leavesOf }
}
