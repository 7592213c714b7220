/**
 * What a run writes into its directory while it runs, so that it can be watched, killed and resumed: its configuration, its log, its checkpoints.
 * The log is on the disk before a checkpoint that counts on it; rows beyond the last checkpoint are made again, to the same numbers.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backend } from '../../core/index.ts'
import { fromSnapshot, type StepState, writeDirectoryAtomically } from '../../models/index.ts'
import { parseJson, readIfThere, removeStaged, snapshotFile } from '../../models/internal.ts'
import { jsonNote } from '../inputs/checkpoint.ts'
import type { SettingText } from '../inputs/settings.ts'
import { UsageError } from '../terminal/errors.ts'
import { type Kept, keep, latest, type RunProgress, readCheckpoint, removeAll, rotate, unfinished } from './checkpoints.ts'
import type { RunData } from './data.ts'
import { checkSame, type Identity, identityIn, identityOf } from './identity.ts'
import { eventsFolder, type Log, type LogRow, linesOf, metricsFile, openLog, readLog } from './log.ts'
import type { Numerics } from './numerics.ts'
import { bestOf } from './selection.ts'

export interface RunLogOptions {
  readonly out: string
  readonly command: string
  readonly settings: readonly SettingText[]
  /** Continue the run that is there. */
  readonly resume: boolean
  /** How many checkpoints stay, beside the best; 0: none is made. */
  readonly keep: number
  readonly steps: number
  readonly say: (line: string) => void
  readonly numerics: Numerics
  readonly data: RunData
  /** Continue even where the numbers are not those that it began with. */
  readonly insist: boolean
}

export interface RunLog<P> {
  /** Where the run begins, or continues. */
  readonly start: StepState<P>
  /** That it has trained before. */
  readonly seconds: number
  /** A row a step, those of before included. */
  readonly rows: readonly LogRow[]
  readonly append: (row: LogRow) => Promise<void>
  /** Keeps the state after the last row, unless it is kept already. */
  readonly save: (state: StepState<P>, done: Pick<RunProgress, 'finished' | 'seconds'>) => Promise<void>
  /** After which step the last state was kept. 0: none was. */
  readonly kept: () => number
  /** A state that was kept. */
  readonly at: (step: number) => Promise<StepState<P>>
  readonly close: () => Promise<void>
}

/**
 * Opens the log of a run that begins with `begun`. Nothing is written before the first step is made.
 * @throws UsageError when there is an unfinished run and it is not to be resumed, or the one to be resumed is another; CheckpointError, FileError
 */
export const openRunLog = async <P>(backend: Backend, begun: StepState<P>, options: RunLogOptions): Promise<RunLog<P>> => {
  const { out, command, settings, resume, steps, say, numerics } = options
  const identity: Identity = options.keep > 0 || resume ? await identityOf(settings, numerics, options.data) : { options: {} }
  const kept = resume ? await latest(out, say) : undefined
  if (kept !== undefined) for (const line of checkSame(out, await begunAs(out, kept), identity, options.insist)) say(line)
  else if (resume) say(`There is no checkpoint in ${out}: the run begins at its beginning.`)
  else await checkFinished(out)
  let saved = kept?.progress.step ?? 0
  const rows = kept === undefined ? [] : [...(await readLog(out, saved))]
  const behind = rows.length
  let log: Log | undefined

  /** Takes the directory over for this run. */
  const open = async (): Promise<Log> => {
    await removeStaged(out)
    if (kept === undefined) await removeAll(out)
    if (kept === undefined) await rm(join(out, eventsFolder), { recursive: true, force: true })
    await writeDirectoryAtomically(out, {
      'run.json': jsonNote({ command, ...numerics, ...Object.fromEntries(settings.map(({ name, value }) => [name, value])) }),
      [metricsFile]: linesOf(rows.slice(0, behind)),
      ...Object.fromEntries(results.map((name) => [name, undefined])),
    })
    const opened = await openLog(out, saved)
    for (const row of rows.slice(behind)) await opened.append(row)
    return opened
  }
  const stateIn = ({ state, directory }: Kept): StepState<P> => {
    const follows = [...state.keys()].some((name) => name.startsWith('reference.'))
    return fromSnapshot(follows ? { ...begun, reference: begun.parameters } : begun, state, directory)
  }
  return {
    start: kept === undefined ? begun : stateIn(kept),
    seconds: kept?.progress.seconds ?? 0,
    rows,
    append: async (row) => {
      rows.push(row)
      if (log !== undefined) await log.append(row)
      else if (row.step > 0) log = await open()
    },
    save: async (state, done) => {
      const step = rows.at(-1)?.step ?? 0
      if (options.keep === 0 || step === saved) return
      await log?.flush()
      await keep(out, { step, steps, identity, ...done }, snapshotFile(backend, state))
      saved = step
      await rotate(out, options.keep, bestOf(rows)?.step)
    },
    kept: () => saved,
    at: async (step) => stateIn(await readCheckpoint(out, step)),
    close: async () => log?.close(),
  }
}

/** What a run began as: what its checkpoint tells, and its run.json. */
const begunAs = async (out: string, { progress }: Kept): Promise<Identity> => {
  const { options: _, ...noted } = identityIn(parseJson((await readIfThere(join(out, 'run.json'))) ?? ''))
  return { ...identityIn(progress.identity), ...noted }
}

/** Written when a run is done: not there while it runs. */
const results = ['training.json', 'metrics.csv'] as const

const checkFinished = async (out: string): Promise<void> => {
  const progress = await unfinished(out)
  if (progress === undefined) return
  throw new UsageError(
    `--out: ${out} holds an unfinished run (step ${progress.step} of ${progress.steps}). Add --resume to go on with it; or choose another --out, or delete ${join(out, 'checkpoints')}, to begin anew.`,
  )
}
