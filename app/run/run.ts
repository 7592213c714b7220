/**
 * A training run: data and a model in, progress and metrics on the way, a model directory out, whole or not at all.
 *
 *     checkpoint, examples → backend → subject (what is trained) → course (the steps) → save
 */
import { resolve } from 'node:path'
import type { AnyLoss } from '../../halos/index.ts'
import { type TrainingExample, usualTargets } from '../../models/index.ts'
import { openBackend } from '../backends.ts'
import { type Checkpoint, loadCheckpoint } from '../checkpoint.ts'
import type { TrainingOptions } from '../cli/options.ts'
import type { Terminal } from '../cli/terminal.ts'
import { exclusively } from '../lock.ts'
import { checkOptions } from './check.ts'
import { course } from './course.ts'
import { readData } from './data.ts'
import type { Setting } from './identity.ts'
import type { RunResult } from './result.ts'
import { subjectOf } from './subject.ts'

/** What is asked for. */
export interface Task {
  /** The command, as the user types it: 'align', 'train sft'. */
  readonly command: string
  /** Every option in effect: what the run is told apart by, and what is saved with it. */
  readonly settings: readonly Setting[]
  readonly loss: AnyLoss
  readonly options: TrainingOptions
  /** Sees the training examples before anything is computed. */
  readonly inspect?: (examples: readonly TrainingExample[]) => void
}

/** Trains, saves, and tells how it went. @throws BusyError where another process works in --out; and whatever is wrong with options, data and model */
export const run = async (terminal: Terminal, task: Task): Promise<RunResult> => {
  await checkOptions(task)
  return exclusively(task.options.out, () => trained(terminal, task))
}

const trained = async (terminal: Terminal, task: Task): Promise<RunResult> => {
  const { loss, options } = task
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const data = await readData(terminal, loss.needs, checkpoint, options)
  task.inspect?.(data.training)
  const opened = await openBackend(options, terminal.say)
  try {
    const choice = { checkpoint, loss, backend: opened.backend, seed: options.seed, ...loraIn(options, checkpoint) }
    return await subjectOf(choice, (subject) => course(terminal, task, data, opened, subject))
  } finally {
    await opened.backend.close?.()
  }
}

const loraIn = ({ lora: rank, loraAlpha, loraTargets, model: base }: TrainingOptions, { model: { config } }: Checkpoint) =>
  rank === undefined
    ? {}
    : {
        lora: {
          rank,
          alpha: loraAlpha ?? 2 * rank,
          targets: loraTargets ?? usualTargets(config),
          base: base.startsWith('hf:') ? base.slice(3) : resolve(base),
        },
      }
