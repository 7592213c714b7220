/** How many steps a run has, and after which of them it is kept and measured, where the options leave that open: ten times. */
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import { UsageError } from '../terminal/errors.ts'
import type { RunData } from './data.ts'

export interface RunPlan {
  readonly steps: number
  /** 0: never. */
  readonly saveEvery: number
  readonly evalEvery: number
}

/** Fewer held-out examples make no batch: a loss may need unrelated completions. */
export const leastHeldOut = 2

/** @throws UsageError where the best step is asked for, and nothing can tell which it is */
export const planOf = (options: TrainingCommandOptions, { training, heldOut }: RunData): RunPlan => {
  const { epochs, batch, best = false, patience } = options
  const choosy = best || patience !== undefined
  if (choosy && heldOut.length < leastHeldOut)
    throw new UsageError('--best and --patience need at least 2 held-out examples: give --eval a file, or a larger fraction')
  const steps = options.steps ?? Math.max(1, Math.round(epochs * Math.floor(training.length / batch)))
  const tenth = Math.ceil(steps / 10)
  return { steps, saveEvery: options.saveEvery ?? tenth, evalEvery: options.evalEvery ?? (choosy ? tenth : steps) }
}
