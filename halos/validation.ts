/** What is wrong with a declaration: every flaw at once, through the applicative of `Either`. */
import { type applicative, either as E, nonEmptyArray } from 'fp-ts'

/** One error of a declaration: the field, what was expected, and what was given. */
export interface ValidationError {
  /** Which field: 'reward.beta'. */
  readonly field: string
  readonly expected: string
  readonly got: unknown
}
/** All errors of a declaration; at least one. */
export type ValidationErrors = nonEmptyArray.NonEmptyArray<ValidationError>
/** A value, or everything that is wrong with it. */
export type Checked<A> = E.Either<ValidationErrors, A>

export const valid = <A>(value: A): Checked<A> => E.right(value)
export const invalid = (field: string, expected: string, got: unknown): Checked<never> => E.left([{ field, expected, got }])

/** Collects the flaws of both sides. */
export const validation: applicative.Applicative2C<'Either', ValidationErrors> = E.getApplicativeValidation(
  nonEmptyArray.getSemigroup<ValidationError>(),
)
type ValidatedFields<F> = { [K in keyof F]: F[K] extends Checked<infer A> ? A : never }
/**
 * A record of checked fields as one checked record: all values, or the errors of all fields together.
 * @example
 * ```ts
 * import { checked, explain, logRatio, prospect } from 'halograd/halos'
 * import { either } from 'fp-ts'
 * const both = checked({ r: logRatio(-1), v: prospect({ alpha: 2 }) })
 * console.log(either.isLeft(both) && explain(both.left).split('\n').length) // 2
 * ```
 */
export const checked = <F extends Readonly<Record<string, Checked<unknown>>>>(fields: F): Checked<ValidatedFields<F>> => {
  const together = Object.entries(fields).reduce<Checked<Readonly<Record<string, unknown>>>>(
    (record, [name, field]) =>
      validation.ap(
        E.map((before: Readonly<Record<string, unknown>>) => (value: unknown) => ({ ...before, [name]: value }))(record),
        field,
      ),
    valid({}),
  )
  return together as Checked<ValidatedFields<F>> // field by field
}

export const number = (field: string, expected: string, n: number, holds: (n: number) => boolean): Checked<number> =>
  Number.isFinite(n) && holds(n) ? valid(n) : invalid(field, expected, n)
export const positive = (field: string, n: number): Checked<number> => number(field, 'a positive number', n, (x) => x > 0)
/** How many preferences are taken to be wrong. */
export const fraction = (field: string, n: number): Checked<number> => number(field, 'a fraction in [0, ½)', n, (x) => x >= 0 && x < 0.5)
export const nonNegative = (field: string, n: number): Checked<number> => number(field, 'a number that is not negative', n, (x) => x >= 0)

/** The same, its flaws one field deeper: 'scale' becomes 't.scale'. */
export const within = <A>(outer: string, result: Checked<A>): Checked<A> =>
  E.mapLeft(nonEmptyArray.map((flaw: ValidationError): ValidationError => ({ ...flaw, field: `${outer}.${flaw.field}` })))(result)

/**
 * Errors as text, one line each.
 * @example
 * ```ts
 * import { explain, logRatio } from 'halograd/halos'
 * import { either } from 'fp-ts'
 * const wrong = logRatio(-1)
 * console.log(either.isLeft(wrong) && explain(wrong.left)) // reward.beta: expected a positive number, got -1
 * ```
 */
export const explain = (flaws: ValidationErrors): string =>
  flaws.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${String(got)}`).join('\n')

/**
 * A declaration is invalid. `flaws` are all of its errors; the message lists them, one a line.
 * @example
 * ```ts
 * import { DeclarationError, getOrThrow, kto } from 'halograd/halos'
 * try {
 *   getOrThrow(kto({ beta: -1 }))
 * } catch (error) {
 *   if (error instanceof DeclarationError) console.log(error.flaws[0]?.expected) // a positive number
 * }
 * ```
 */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError'
  readonly flaws: ValidationErrors
  constructor(flaws: ValidationErrors) {
    super(explain(flaws))
    this.flaws = flaws
  }
}
/**
 * The value of a checked result.
 * @throws DeclarationError that lists every error
 * @example
 * ```ts
 * import { getOrThrow, kto } from 'halograd/halos'
 * console.log(getOrThrow(kto({ beta: 0.2 })).name) // KTO
 * ```
 */
export const getOrThrow = <A>(result: Checked<A>): A => {
  if (E.isLeft(result)) throw new DeclarationError(result.left)
  return result.right
}
