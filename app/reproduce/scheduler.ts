/**
 * The scheduler: runs each job that is needed and has no result file yet, once, and reads the others. A killed experiment continues where it was, and
 * experiments share what they have in common.
 */

import { Interrupted } from '../terminal/errors.ts'
import { duration } from '../terminal/progress.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Scheduler } from './experiment.ts'
import type { ExperimentWorker } from './experiment-worker.ts'
import { baseOf, type ExperimentJob, type Note, type ResultFiles, startOf } from './files.ts'
import type { Method, PipelineMeasurement } from './pipeline.ts'
import type { Recipe } from './recipe.ts'

export interface SchedulerOptions {
  readonly terminal: Terminal
  readonly worker: ExperimentWorker
  readonly files: ResultFiles
  readonly recipe: Recipe
  readonly seeds: readonly number[]
}

export interface ScheduledWork {
  /** Models that were pre-trained, tuned, aligned. */
  readonly models: number
  /** Processor time of all of them, whenever they were made; on one thread, what an idle machine takes. */
  readonly seconds: number
}

/** A scheduler, and the work of its measurements so far. */
export const openScheduler = ({
  terminal,
  worker,
  files,
  recipe,
  seeds,
}: SchedulerOptions): { readonly scheduler: Scheduler; readonly work: () => ScheduledWork } => {
  const notes = new Map<string, Promise<Note>>()
  const seconds = new Map<string, number>()

  const make = async (job: ExperimentJob): Promise<Note> => {
    const known = await files.done(job)
    const note = known ?? (await perform(job))
    seconds.set(files.key(job), note.seconds)
    return note
  }
  const perform = async (job: ExperimentJob): Promise<Note> => {
    if (terminal.stop.aborted) throw stopped
    const note = await worker.perform(job).catch((error: unknown) => {
      throw terminal.stop.aborted ? stopped : error
    })
    terminal.say(`  ${titleOf(job)}: ${note.measurement === undefined ? '' : `${inBrief(note.measurement)}, `}${duration(note.seconds)}`)
    return note
  }
  /** Done once, however often it is asked for. */
  const once = (job: ExperimentJob): Promise<Note> => {
    const key = files.key(job)
    const note = notes.get(key) ?? make(job)
    notes.set(key, note)
    return note
  }

  return {
    scheduler: {
      seeds,
      sweep: recipe.sweep,
      pairs: recipe.pairs,
      measure: async (cell) => {
        await once(baseOf(cell))
        await once(startOf(cell))
        const { measurement } = await once({ kind: 'cell', of: cell })
        return measurement!
      },
    },
    work: () => ({ models: seconds.size, seconds: [...seconds.values()].reduce((a, b) => a + b, 0) }),
  }
}

const stopped = new Interrupted('Stopped. What is finished is kept: the same command goes on from there.')

const inBrief = ({ win, length, ended }: PipelineMeasurement): string =>
  `win ${win.toFixed(3)}, length ${length.toFixed(1)}, ended ${(100 * ended).toFixed(0)} %`

const titleOf = ({ kind, of }: ExperimentJob): string => {
  const where = `${of.size}, seed ${of.seed}${of.ends > 0 ? `, ${100 * of.ends} % of answers end` : ''}`
  if (kind === 'base') return `pre-training ${where}`
  const noise = of.data.flipped === undefined ? '' : `, ε = ${of.data.flipped}`
  if (kind === 'tuned') return `SFT ${where}${noise}`
  const start = of.sft ? 'after SFT' : 'without SFT'
  return `${of.method === undefined ? 'the model' : methodTitle(of.method)} ${start}, ${where}${noise}`
}
const methodTitle = ({ loss, rate, ...rest }: Method): string =>
  `${loss} ${rate}${Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`}`
