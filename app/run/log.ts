/**
 * The metrics of a run, a row a step: streamed to `metrics.jsonl` and, for TensorBoard, to `events/`; `metrics.csv` when it is done.
 * Held-out metrics stand in the row of the step after which they were measured, as `eval_loss`, …; those of before training in row 0.
 */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { CheckpointError, readText, type StepReport } from '../../models/index.ts'
import { openGrowing, parseJson } from '../../models/internal.ts'
import { scalarsEvent, startEvent, versionEvent } from './tensorboard.ts'

type LoggedNumbers = Readonly<Record<string, number>>

/** `step`, `epoch`, its `tokens` and those of all steps so far (`num_tokens`), and metrics under TRL's names. No times: a run that is repeated has the same rows. */
export type LogRow = LoggedNumbers & { readonly step: number; readonly epoch: number; readonly tokens: number }

const heldOutPrefix = 'eval_'

export const rowOf = (
  { step, epoch, tokens, metrics }: Pick<StepReport, 'step' | 'epoch' | 'tokens' | 'metrics'>,
  heldOut: LoggedNumbers = {},
  before?: LogRow,
): LogRow => ({
  ...{ step, epoch, tokens, num_tokens: (before?.num_tokens ?? 0) + tokens },
  ...metrics,
  ...Object.fromEntries(Object.entries(heldOut).map(([name, value]) => [`${heldOutPrefix}${name}`, value])),
})

/** What a row says of training. */
export const trainedIn = ({ step: _step, epoch: _epoch, tokens: _tokens, ...metrics }: LogRow): LoggedNumbers =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith(heldOutPrefix)))

/** What a row says of held-out data, or nothing. */
export const heldOutIn = (row: LogRow): LoggedNumbers | undefined => {
  const found = Object.entries(row).flatMap(([name, value]) =>
    name.startsWith(heldOutPrefix) ? [[name.slice(heldOutPrefix.length), value] as const] : [],
  )
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

// ------------------------------------------------------------------ files

export const metricsFile = 'metrics.jsonl'
export const eventsFolder = 'events'

export interface Log {
  readonly append: (row: LogRow) => Promise<void>
  /** What was appended is on the disk. */
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Continues the log of a directory after `behind` steps. @throws FileError, from what is returned, too */
export const openLog = async (out: string, behind: number): Promise<Log> => {
  const seconds = Date.now() / 1000
  const rows = await openGrowing(join(out, metricsFile))
  const name = `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}.${behind}`
  const events = await openGrowing(join(out, eventsFolder, name))
  await events.append(versionEvent(seconds))
  if (behind > 0) await events.append(startEvent(seconds, behind + 1))
  return {
    append: async (row) => {
      await rows.append(`${JSON.stringify(row)}\n`)
      await events.append(scalarsEvent(Date.now() / 1000, row.step, tagged(row)))
    },
    flush: rows.flush,
    close: async () => {
      await rows.close()
      await events.close()
    },
  }
}

/** As transformers' TensorBoardCallback names scalars: `train/loss`, `eval/rewards/margins`. */
const tagged = (row: LogRow): LoggedNumbers => {
  const under = (folder: string, numbers: LoggedNumbers) =>
    Object.entries(numbers).map(([name, value]) => [`${folder}/${name}`, value] as const)
  return Object.fromEntries([...under('train', trainedIn(row)), ...under('eval', heldOutIn(row) ?? {})])
}

/**
 * The rows of the first `steps` steps. What a killed run has written beyond them is left aside.
 * @throws FileError; CheckpointError where a row is missing
 */
export const readLog = async (out: string, steps = Number.POSITIVE_INFINITY): Promise<readonly LogRow[]> => {
  const file = join(out, metricsFile)
  const rows = (await readText(file)).split('\n').flatMap((line) => rowIn(line) ?? [])
  const wanted = rows.filter(({ step }) => step <= steps)
  const absent = wanted.findIndex(({ step }, i) => step !== i + wanted[0]!.step)
  const last = wanted.at(-1)?.step ?? 0
  if (absent < 0 && (wanted[0]?.step ?? 1) <= 1 && (last === steps || steps === Number.POSITIVE_INFINITY)) return wanted
  throw new CheckpointError({
    file,
    expected: `a row for each of the ${Number.isFinite(steps) ? steps : last} steps`,
    found: absent < 0 ? `${last} of them` : `none of step ${absent + (wanted[0]?.step ?? 0)}`,
    advice: 'Put the file back as it was, or begin anew.',
  })
}

/** NaN and ∞ are null in JSON. A line that a killed process has not finished is none. */
const rowIn = (line: string): LogRow | undefined => {
  const read = parseJson(line)
  if (typeof read !== 'object' || read === null) return undefined
  const { step, epoch, tokens, ...metrics } = Object.fromEntries(
    Object.entries(read).map(([name, x]) => [name, x === null ? Number.NaN : Number(x)]),
  )
  return step === undefined || epoch === undefined || tokens === undefined ? undefined : { step, epoch, tokens, ...metrics }
}

export const linesOf = (rows: readonly LogRow[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** A column a metric; empty where a step does not have it. */
export const csvOf = (rows: readonly LogRow[]): string => {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const line = (row: LogRow) => names.map((name) => row[name] ?? '').join()
  return [names.join(), ...rows.map(line), ''].join('\n')
}
