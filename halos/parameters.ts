/**
 * Texts with settings: what is computed at one number for each setting is proved for every number that the setting may be.
 *
 *     v_κ(z) = log σ(z) + κz,  κ ≥ 0        computed at κ = 0.125, proved for κ in [0, ∞)
 */
import { either as E } from 'fp-ts'
import { type Binary, interpretation, numbers, type Scalar, type Unary } from '../core/index.ts'
import { applyPrimitive, type Interval } from '../core/internal.ts'
import { type ScalarProgram, trace } from './program.ts'
import type { ProofSubject } from './prove.ts'
import { type Checked, number } from './validation.ts'

export interface Parameter {
  readonly value: number
  /** Every number that it may be. */
  readonly range: Interval
  /** The same in words: 'κ ≥ 0'. */
  readonly says: string
}
export type DeclaredSettings = Readonly<Record<string, Parameter>>
type SettingValues<A> = Readonly<Record<string, A>>
/** A function of one variable, and of settings by name. */
export type ScalarText = <A>(S: Scalar<A>) => (x: A, given: SettingValues<A>) => A

const [least, largest] = [Number.MIN_VALUE, Number.MAX_VALUE]
/** A kind of setting: what is expected of it, in words and as a range. */
export const kind =
  (expected: string, says: (name: string) => string, range: Interval) =>
  (field: string, name: string, n: number): Checked<Parameter> =>
    E.map((value: number): Parameter => ({ value, range, says: says(name) }))(
      number(field, expected, n, (x) => x >= range[0] && x <= range[1]),
    )
export const positiveSetting = kind('a positive number', (x) => `${x} > 0`, [least, largest])
export const nonNegativeSetting = kind('a number that is not negative', (x) => `${x} ≥ 0`, [0, largest])
export const nonPositiveSetting = kind('a number that is not positive', (x) => `${x} ≤ 0`, [-largest, 0])
/** How many labels are taken to be wrong: a fraction in (0, ½). */
export const fractionSetting = kind('a fraction in (0, ½)', (x) => `0 < ${x} < ½`, [least, 0.5 - 2 ** -54])
export const exponentSetting = kind('an exponent in (0, 1]', (x) => `0 < ${x} ≤ 1`, [least, 1])
/** Any number but one, at which the text is another: proved on the side on which it is. */
export const settingOtherThan =
  (hole: number) =>
  (field: string, name: string, n: number): Checked<Parameter> => {
    const near = 2 ** -52 * Math.max(1, Math.abs(hole))
    return n < hole
      ? kind('a finite number', (x) => `${x} < ${hole}`, [-largest, hole === 0 ? -least : hole - near / 2])(field, name, n)
      : kind(`a number other than ${hole}`, (x) => `${x} > ${hole}`, [hole === 0 ? least : hole + near, largest])(field, name, n)
  }

const mapped = <A, B>(record: Readonly<Record<string, A>>, f: (a: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(record).map(([name, a]) => [name, f(a)]))

/** The text at its settings, with what is made of numbers alone computed once. */
export const settled =
  (text: ScalarText, parameters: DeclaredSettings): Unary =>
  (S) =>
  (x) =>
    Object.keys(parameters).length === 0
      ? text(S)(x, {})
      : made(
          S,
          text(folding(S))(
            { tag: 'scalar', scalar: x },
            mapped(parameters, ({ value }) => ({ tag: 'number', number: value })),
          ),
        )

/** A function of two rewards, and of settings by name. */
export type PairText = <A>(S: Scalar<A>, given: SettingValues<A>) => (w: A, l: A) => A
/** The text at its settings, with what is made of numbers alone computed once. */
export const settledPair =
  (text: PairText, parameters: DeclaredSettings): Binary =>
  (S) =>
  (w, l) => {
    const given = mapped(parameters, ({ value }): Folded<typeof w> => ({ tag: 'number', number: value }))
    return made(S, text(folding(S), given)({ tag: 'scalar', scalar: w }, { tag: 'scalar', scalar: l }))
  }

/** A number that is known, or a scalar. */
type Folded<A> =
  | { readonly tag: 'number'; readonly number: number; readonly single?: number }
  | { readonly tag: 'scalar'; readonly scalar: A }
const made = <A>(S: Scalar<A>, x: Folded<A>): A => (x.tag === 'scalar' ? x.scalar : S.of(x.number, x.single))
const folding = <A>(S: Scalar<A>): Scalar<Folded<A>> =>
  interpretation<Folded<A>>(
    (number, single) => ({ tag: 'number', number, ...(single !== undefined && { single }) }),
    (primitive, args) => {
      const known = args.flatMap((x) => (x.tag === 'scalar' || x.single !== undefined ? [] : [x.number]))
      if (known.length === args.length) return { tag: 'number', number: applyPrimitive(numbers, primitive, known) }
      return {
        tag: 'scalar',
        scalar: applyPrimitive(
          S,
          primitive,
          args.map((x) => made(S, x)),
        ),
      }
    },
  )

/** The text as a subject of proofs: for all settings at once, or at its own. */
export const textSubject = (text: ScalarText, parameters: DeclaredSettings, settings: 'all' | 'own'): E.Either<string, ProofSubject> => {
  const names = Object.keys(parameters)
  return E.map(
    (program: ScalarProgram): ProofSubject => ({
      ...{ program, variable: 'z' },
      settings: mapped(parameters, ({ value, range }): Interval => (settings === 'all' ? range : [value, value])),
    }),
  )(
    trace(
      (S) =>
        (x, ...given) =>
          text(S)(x!, Object.fromEntries(names.map((name, i) => [name, given[i]!]))),
      ['z', ...names],
    ),
  )
}

/** 'β > 0, γ ≥ 0'. */
export const saysOf = (parameters: DeclaredSettings): string =>
  Object.values(parameters)
    .map(({ says }) => says)
    .join(', ')
