/**
 * A training run: data and a model in, progress and metrics on the way, a model directory out, whole or not at all.
 *
 *     checkpoint, examples → backend → what is trained → steps → save
 */
import { openBackend } from '../inputs/backends.ts'
import { loadCheckpoint } from '../inputs/checkpoint.ts'
import { exclusively } from '../inputs/lock.ts'
import { withoutRepetition } from '../terminal/repeated.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { checkOptions } from './check.ts'
import { readData } from './data.ts'
import { checkFits } from './needs.ts'
import type { RunResult } from './result.ts'
import type { Task } from './task.ts'
import { loadReference, loraIn, trainableOf } from './trainable.ts'
import { trainingLoop } from './training-loop.ts'

/** Trains, saves and reports. @throws BusyError where another process works in --out; and whatever is wrong with options, data and model */
export const run = async (terminal: Terminal, task: Task): Promise<RunResult> => {
  await checkOptions(task)
  return exclusively(task.options.out, () => trained(terminal, task))
}

const trained = async (given: Terminal, task: Task): Promise<RunResult> => {
  const { loss, options } = task
  const { say, end } = withoutRepetition(given.say)
  const terminal: Terminal = {
    ...{ say, print: given.print, interactive: given.interactive },
    get stop() {
      return given.stop // reading it installs the listener for Ctrl-C
    },
  }
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const data = task.data ?? (await readData(terminal, loss.needs, checkpoint, options))
  const reference = options.reference === undefined ? undefined : await loadReference(options.reference, checkpoint, terminal.say)
  task.inspect?.(data.training)
  await checkFits(task, checkpoint, data)
  const opened = await openBackend(options, terminal.say)
  try {
    const choice = {
      checkpoint,
      loss,
      backend: opened.backend,
      seed: options.seed,
      ...(reference && { reference }),
      ...loraIn(options, checkpoint),
      ...(options.frozen && { frozen: options.frozen }),
    }
    const result = await trainableOf(choice, (trainable) => trainingLoop(terminal, task, data, opened, trainable))
    end()
    return result
  } finally {
    await opened.backend.close?.()
  }
}
