/**
 * Workers run jobs: they read the files that a job needs and write its result, whole or not at all, in this process or in one of their own:
 * with models this small, two processes are twice as fast as one, and two threads are not.
 */

import { fork } from 'node:child_process'
import { type Backend, dispose } from '../../core/index.ts'
import { fromWeights, type Parameters, readWeights, toWeights, writeAtomically, writeWeights } from '../../models/index.ts'
import { open, type Wish } from '../inputs/backends.ts'
import { loaderFlags, sourceFile } from '../terminal/sources.ts'
import { baseOf, type ExperimentJob, files, type Note, type ResultFiles, startOf } from './files.ts'
import { pipeline } from './pipeline.ts'
import { configOf, type Recipe } from './recipe.ts'

export interface ExperimentWorker {
  readonly perform: (job: ExperimentJob) => Promise<Note>
  readonly close: () => Promise<void>
}

/** What a worker needs, in whichever process. */
export interface ExperimentWorkerOptions {
  readonly wish: Wish
  readonly recipe: Recipe
  readonly out: string
}

/** In this process. */
export const experimentWorker = async ({ wish, recipe, out }: ExperimentWorkerOptions, signal: AbortSignal): Promise<ExperimentWorker> => {
  const backend = await open(wish)
  const filed = files(out, recipe, backend.name)
  const { pretrain, tune, measure } = pipeline(backend, recipe, signal)
  const read = async (job: ExperimentJob): Promise<Parameters> => {
    const file = filed.weights(job)
    return fromWeights(configOf(recipe, job.of.size), await readWeights(file), file)
  }
  const perform = async (job: ExperimentJob): Promise<Note> => {
    const began = process.cpuUsage()
    const spent = (): number => {
      const { user, system } = process.cpuUsage(began)
      return (user + system) / 1e6
    }
    if (job.kind === 'cell') {
      const measurement = await measure(job.of, await read(startOf(job.of)))
      return { measurement, seconds: spent() }
    }
    const made = job.kind === 'base' ? await pretrain(job.of) : await tune(job.of, await read(baseOf(job.of)))
    const seconds = spent()
    await keep(backend, filed, recipe, job, made)
    return { seconds }
  }
  return {
    perform: async (job) => {
      const note = await perform(job)
      await writeAtomically(filed.note(job), `${JSON.stringify({ of: job.of, ...note }, null, 2)}\n`)
      return note
    },
    close: async () => backend.close?.(),
  }
}

const keep = async (backend: Backend, filed: ResultFiles, recipe: Recipe, job: ExperimentJob, made: Parameters): Promise<void> => {
  await writeWeights(filed.weights(job), await toWeights(backend, configOf(recipe, job.of.size), made))
  dispose(backend, made)
}

/** What another process answers. */
export type WorkerAnswer = { readonly note: Note } | { readonly error: string }

/** In a process of its own, which can be ended at any moment: what is filed is whole. */
export const remoteWorker = (options: ExperimentWorkerOptions, signal: AbortSignal): ExperimentWorker => {
  const child = fork(sourceFile('./worker.ts', import.meta.url), [JSON.stringify(options)], { execArgv: [...loaderFlags()] })
  signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  const perform = (job: ExperimentJob): Promise<Note> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the process that trains ended by itself (exit code ${code})`))
      child.once('exit', onExit)
      child.once('message', (answer: WorkerAnswer) => {
        child.off('exit', onExit)
        if ('note' in answer) resolve(answer.note)
        else reject(new Error(answer.error))
      })
      child.send(job)
    })
  return { perform, close: async () => void child.kill('SIGKILL') }
}

/** Several workers as one: each job is run by the first that is free. */
export const together = (workers: readonly ExperimentWorker[]): ExperimentWorker => {
  const free = [...workers]
  const waiting: ((worker: ExperimentWorker) => void)[] = []
  const take = (): Promise<ExperimentWorker> =>
    new Promise((resolve) => {
      const worker = free.pop()
      if (worker === undefined) waiting.push(resolve)
      else resolve(worker)
    })
  const leave = (worker: ExperimentWorker): void => {
    const next = waiting.shift()
    if (next === undefined) free.push(worker)
    else next(worker)
  }
  return {
    perform: async (job) => {
      const worker = await take()
      return worker.perform(job).finally(() => leave(worker))
    },
    close: async () => void (await Promise.all(workers.map((each) => each.close()))),
  }
}
