/**
 * A Jinja template of unknown origin, run (by @huggingface/jinja) within a budget: whoever wrote it may have written a loop without end.
 *
 *     steps  =  nodes evaluated + elements of the lists made      ≤  1,000,000 + 8 · characters of the input
 *     text   =  characters of all strings evaluated               ≤  8 Mi + 32 · characters of the input
 */
import { Environment, Interpreter, Template } from '@huggingface/jinja'
import { likeJinja2, normalized } from './jinja2.ts'

export interface Budget {
  /** Default: 1,000,000, and 8 for each character that is given. */
  readonly steps?: number
  /** Default: 8 Mi, and 32 for each character that is given. */
  readonly characters?: number
}

/** The template asked for more than it may have. */
export class BudgetError extends Error {
  override readonly name = 'BudgetError'
}

/** Renders with these values, under their names. @throws BudgetError; Error with what the template itself raises */
export type RenderTemplate = (values: Readonly<Record<string, unknown>>) => string

/** @throws Error where the source is no template */
export const templateOf = (source: string, budget: Budget = {}): RenderTemplate => {
  const { parsed } = new Template(normalized(source))
  return (values) => {
    const given = JSON.stringify(values).length
    const steps = budget.steps ?? 1_000_000 + 8 * given
    const left = { steps, characters: budget.characters ?? 2 ** 23 + 32 * given }
    const counted = new WeakSet<readonly unknown[]>()
    const environment = new Environment()
    for (const [name, value] of Object.entries({ ...constants, ...functions(steps), ...values })) environment.set(name, value)
    const interpreter = likeJinja2(new Interpreter(environment))
    const evaluate = interpreter.evaluate.bind(interpreter)
    /** Every node is evaluated by a call of this method. */
    interpreter.evaluate = (node: unknown, scope: unknown) => {
      left.steps--
      const found = evaluate(node, scope)
      const { value }: { readonly value: unknown } = found // the library's types cannot be resolved
      if (typeof value === 'string') left.characters -= value.length
      else if (Array.isArray(value) && !counted.has(value)) {
        counted.add(value)
        left.steps -= value.length
      }
      if (left.steps < 0) throw new BudgetError(`more than ${steps} steps`)
      if (left.characters < 0) throw new BudgetError('more text than the conversation can need')
      return found
    }
    return String(interpreter.run(parsed).value)
  }
}

/** What templates find without being given it, in transformers as here. */
const constants = { true: true, false: false, none: null, True: true, False: false, None: null }

const functions = (most: number) => ({
  raise_exception: (message: unknown): never => {
    throw new Error(String(message))
  },
  /** As the library's, but no longer than the budget. */
  range: (first: number, end?: number, step = 1): readonly number[] => {
    const [from, to] = end === undefined ? [0, first] : [first, end]
    if (step === 0) throw new Error('range() step must not be zero')
    const length = Math.max(0, Math.ceil((to - from) / step))
    if (length > most) throw new BudgetError(`more than ${most} steps`)
    return Array.from({ length }, (_, i) => from + i * step)
  },
  strftime_now: (format: string): string => library.render({ format }),
})

const library = new Template('{{ strftime_now(format) }}')
