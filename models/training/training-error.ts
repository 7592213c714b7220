/** Why a run cannot go on: a loss or a gradient that is not finite, or programs that disagree. */
/**
 * A run that must not go on. The state before the step is unharmed.
 * @example
 * ```ts
 * import { TrainingError } from 'halograd/models'
 * export const isDiverged = (error: unknown) => error instanceof TrainingError && error.tensors.length > 0
 * ```
 */
export class TrainingError extends Error {
  override readonly name = 'TrainingError'
  /** From 1. */
  readonly step: number
  /** Positions, in the training data, of the examples to look at. */
  readonly examples: readonly number[]
  /** Paths of the parameters whose gradient is not finite. */
  readonly tensors: readonly string[]

  constructor(message: string, step: number, examples: readonly number[] = [], tensors: readonly string[] = []) {
    super(message)
    this.step = step
    this.examples = examples
    this.tensors = tensors
  }
}
