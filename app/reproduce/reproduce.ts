/** One experiment or several: scheduled, reported, drawn, and written beside the results of their jobs. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeAtomically } from '../../models/index.ts'
import { machineName } from '../bench/machine.ts'
import { exactUnless, openBackend, type Wish } from '../inputs/backends.ts'
import { exclusively } from '../inputs/lock.ts'
import { UsageError } from '../terminal/errors.ts'
import { optional, pictures } from '../terminal/optional.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Experiment, experiments } from './experiment.ts'
import { experimentWorker, remoteWorker, together } from './experiment-worker.ts'
import { files } from './files.ts'
import { recipes } from './recipe.ts'
import { markdown, type ReproductionReport } from './report.ts'
import { openScheduler } from './scheduler.ts'

export interface ReproduceOptions extends Wish {
  readonly seeds: number
  readonly quick?: true
  /** Processes that work at once. */
  readonly jobs: number
  readonly out: string
}

/** Reports of the experiments with these keys, or of all. `onReport` gets each as soon as it is made. @throws UsageError for a key that is unknown; BusyError */
export const reproduce = async (
  terminal: Terminal,
  keys: readonly string[],
  options: ReproduceOptions,
  onReport: (report: ReproductionReport, text: string) => void,
): Promise<readonly ReproductionReport[]> => {
  const chosen = choose(await experiments(), keys)
  return exclusively(options.out, () => reproduced(terminal, chosen, options, onReport))
}

const reproduced = async (
  terminal: Terminal,
  chosen: readonly Experiment[],
  options: ReproduceOptions,
  onReport: (report: ReproductionReport, text: string) => void,
): Promise<readonly ReproductionReport[]> => {
  const recipe = recipes[options.quick ? 'quick' : 'full']
  const wish = wishOf(options)
  const { backend, mode } = await openBackend(wish, terminal.say)
  await backend.close?.()
  const place = { wish, recipe, out: options.out }
  const all = together(
    options.jobs === 1
      ? [await experimentWorker(place, terminal.stop)]
      : Array.from({ length: options.jobs }, () => remoteWorker(place, terminal.stop)),
  )
  try {
    const reports: ReproductionReport[] = []
    for (const experiment of chosen) {
      const { title, claim, key } = experiment
      const count = Math.max(options.seeds, options.quick ? 1 : (experiment.seeds ?? 1))
      const seeds = Array.from({ length: count }, (_, i) => i + 1)
      terminal.say(`\n${title}`)
      const { scheduler, work } = openScheduler({ terminal, worker: all, files: files(options.out, recipe, backend.name), recipe, seeds })
      const outcome = await experiment.run(scheduler)
      const report: ReproductionReport = {
        ...{
          experiment: key,
          title,
          claim,
          command: commandOf(key, { ...options, seeds: count }),
          machine: machineName,
          date: new Date().toISOString().slice(0, 10),
        },
        ...{ backend: `${backend.name}, ${mode}`, seeds, work: work(), ...outcome },
      }
      const text = markdown(report)
      const file = (ending: string) => join(options.out, `${key}.${ending}`)
      await writeAtomically(file('json'), `${JSON.stringify(report, null, 1)}\n`)
      await writeAtomically(file('md'), text)
      const { picture } = await optional(() => import('./picture.ts'), pictures, 'the picture of an experiment')
      await writeAtomically(file('svg'), picture(report))
      reports.push(report)
      onReport(report, text)
      terminal.say(`\nTable, figures and picture: ${file('md')}, ${file('json')}, ${file('svg')}`)
    }
    return reports
  } finally {
    await all.close()
  }
}

/** Several jobs at once share the cores: each has one thread. */
const wishOf = ({ backend, mode, threads, blas, jobs }: ReproduceOptions): Wish => ({
  ...exactUnless({ ...(mode === undefined ? {} : { mode }), ...(blas === undefined ? {} : { blas }) }),
  backend,
  ...(threads !== undefined ? { threads } : jobs > 1 && ['auto', 'wasm'].includes(backend) ? { threads: 1 } : {}),
})

const choose = (known: readonly Experiment[], keys: readonly string[]): readonly Experiment[] => {
  if (keys.includes('all')) return known
  return keys.map((key) => {
    const found = known.find((experiment) => experiment.key === key)
    if (found !== undefined) return found
    throw new UsageError(`reproduce: there is no experiment '${key}'. Known are ${known.map((each) => each.key).join(', ')}, and all`)
  })
}

const commandOf = (key: string, { seeds, quick, backend, mode, jobs }: ReproduceOptions): string =>
  [
    `halograd reproduce ${key} --seeds ${seeds}`,
    ...(quick ? ['--quick'] : []),
    ...(backend === 'auto' ? [] : [`--backend ${backend}`]),
    ...(mode === undefined ? [] : [`--mode ${mode}`]),
    ...(jobs === availableParallelism() ? [] : [`--jobs ${jobs}`]),
  ].join(' ')
