/**
 * The scalar language read at programs: a body becomes a list of steps, each a primitive applied to earlier ones, equal steps made once.
 *
 *     trace((S) => (z) => S.mul(z, S.of(2)), ['z'])   =   [ z, 2, mul(0, 1) ]
 *
 * A program is data: it is proved, printed and written into certificates, and no longer depends on what the body does when it is called.
 */
import { either as E } from 'fp-ts'
import { interpretation, type Primitive, type Scalar } from '../core/index.ts'
import { applyPrimitive } from '../core/internal.ts'
import { reasonOf } from './reason.ts'

export type ProgramStep =
  | { readonly tag: 'input'; readonly name: string }
  /** `single`: what it is in float32, where that is another number. */
  | { readonly tag: 'constant'; readonly value: number; readonly single?: number }
  /** Arguments are positions of earlier steps. */
  | { readonly tag: 'apply'; readonly primitive: Primitive; readonly from: readonly number[] }
/** The result is that of the last step named by `result`. */
export interface ScalarProgram {
  readonly inputs: readonly string[]
  readonly steps: readonly ProgramStep[]
  readonly result: number
}

/** A body of any number of scalars. */
export type Body = <A>(S: Scalar<A>) => (...xs: A[]) => A

/** Far more steps than a formula has; a body that runs on without end is stopped here. */
const budget = 10_000

class TraceError extends Error {
  override readonly name = 'TraceError'
}
interface TracedText {
  readonly at: number
}

/**
 * The program of a body, or what it did instead of applying primitives: an error thrown, a loop without end, a result that is no scalar.
 * @throws UnknownPrimitiveError where the body asks for a primitive that there is not
 */
export const trace = (body: Body, inputs: readonly string[]): E.Either<string, ScalarProgram> => {
  const steps: ProgramStep[] = []
  const known = new Map<string, TracedText>()
  const nodes = new Set<unknown>()
  let applied = 0
  const step = (key: string, made: ProgramStep): TracedText => {
    if (++applied > budget) throw new TraceError(`it applies more than ${budget} primitives`)
    const before = known.get(key)
    if (before !== undefined) return before
    const node = Object.freeze({ at: steps.push(made) - 1 })
    known.set(key, node)
    nodes.add(node)
    return node
  }
  const S = interpretation<TracedText>(
    (value, single) => {
      if (typeof value !== 'number') throw new TraceError(`it takes ${String(value)} for a number`)
      const constant: ProgramStep = { tag: 'constant', value, ...(single !== undefined && { single }) }
      return step(`n${Object.is(value, -0) ? '-0' : value} ${single}`, constant)
    },
    (primitive, args) => {
      const stranger = args.find((arg) => !nodes.has(arg))
      if (stranger !== undefined || args.length !== arity[primitive])
        throw new TraceError(`it applies ${primitive} to what is no scalar of the language: ${args.map(String).join(', ')}`)
      const from = args.map(({ at }) => at)
      return step(`${primitive}(${from})`, { tag: 'apply', primitive, from })
    },
  )
  return E.flatMap(
    (result: TracedText): E.Either<string, ScalarProgram> =>
      nodes.has(result) ? E.right({ inputs, steps, result: result.at }) : E.left(`it returns ${String(result)}, which is no scalar`),
  )(
    E.tryCatch(
      () => body(S)(...inputs.map((name) => step(`input ${name}`, { tag: 'input', name }))),
      (error) => (error instanceof TraceError ? error.message : `it throws: ${reasonOf(error)}`),
    ),
  )
}
const arity: { readonly [P in Primitive]: number } = {
  ...{ add: 2, sub: 2, mul: 2, div: 2, max: 2, less: 2, equal: 2, where: 3 },
  ...{ exp: 1, log: 1, sqrt: 1, sin: 1, cos: 1, tanh: 1, expm1: 1, log1p: 1, sigmoid: 1, softplus: 1, erf: 1 },
}

/** The program, interpreted: every step, in order. */
export const runSteps = <A>({ steps }: ScalarProgram, S: Scalar<A>, given: Readonly<Record<string, A>>): readonly A[] => {
  const values: A[] = []
  for (const step of steps) {
    if (step.tag === 'input') values.push(given[step.name]!)
    else if (step.tag === 'constant') values.push(S.of(step.value, step.single))
    else
      values.push(
        applyPrimitive(
          S,
          step.primitive,
          step.from.map((at) => values[at]!),
        ),
      )
  }
  return values
}
/** The program, interpreted. */
export const runProgram = <A>(program: ScalarProgram, S: Scalar<A>, given: Readonly<Record<string, A>>): A =>
  runSteps(program, S, given)[program.result]!

/** As text: `mul(z, 2)`. */
export const showProgram = (program: ScalarProgram): string =>
  runProgram<string>(
    program,
    interpretation(
      (n) => `${n}`,
      (primitive, args) => `${primitive}(${args.join(', ')})`,
    ),
    Object.fromEntries(program.inputs.map((name) => [name, name])),
  )
