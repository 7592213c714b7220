/**
 * An experiment: what the paper claims, the cells that show it, and what is made of their figures. A file of `experiments/` each, found without
 * being listed. Findings are computed from the figures, never written down.
 */

import { modulesIn } from '../terminal/sources.ts'
import type { Method, PipelineCell, PipelineMeasurement, Start } from './pipeline.ts'
import type { ExperimentSize, Sweep } from './recipe.ts'
import type { StatisticalFinding } from './statistics.ts'

export interface Experiment {
  /** As users call it: 'figure3'. */
  readonly key: string
  readonly title: string
  /** What the paper found. */
  readonly claim: string
  /** Seeds at least, where differences are small and noise is large. Default 1. */
  readonly seeds?: number
  readonly run: (scheduler: Scheduler) => Promise<ExperimentOutcome>
}

/** Where experiments are made. */
export interface Scheduler {
  readonly seeds: readonly number[]
  readonly sweep: Sweep
  /** Preferences that people have given. */
  readonly pairs: number
  /** Measured now, or found among the cells that are finished. */
  readonly measure: (cell: PipelineCell) => Promise<PipelineMeasurement>
}

export interface ExperimentOutcome {
  readonly tables: readonly ExperimentTable[]
  readonly findings: readonly StatisticalFinding[]
  /** What a reader must know: choices that were made, and conditions under which a finding breaks. */
  readonly notes: readonly string[]
}
export type Figure = Exclude<keyof PipelineMeasurement, 'z0'> | 'z0 > 0'
export interface ExperimentTable {
  readonly title: string
  /** The first of them is drawn. */
  readonly columns: readonly Figure[]
  readonly rows: readonly ExperimentRow[]
}
export interface ExperimentRow {
  readonly group: string
  readonly name: string
  /** One a seed. */
  readonly measured: readonly PipelineMeasurement[]
}

/** The experiments of the folder, in alphabetical order. */
export const experiments = async (): Promise<readonly Experiment[]> => {
  const modules = await modulesIn<{ readonly experiment: Experiment }>('./experiments/', import.meta.url)
  return [...modules.values()].map(({ experiment }) => experiment)
}

export const figure = ({ z0, ...rest }: PipelineMeasurement, name: Figure): number =>
  name === 'z0 > 0' ? (z0?.positive ?? Number.NaN) : rest[name]
export const figures = ({ measured }: ExperimentRow, name: Figure = 'win'): readonly number[] => measured.map((each) => figure(each, name))

/** What a row starts from, without its seed. */
export type ExperimentSetting = Omit<Start, 'seed'>

export const afterSft = ({ pairs }: Scheduler, size: ExperimentSize = '100k'): ExperimentSetting => ({
  size,
  ends: 0,
  data: { pairs },
  sft: true,
})
export const withoutSft = (scheduler: Scheduler, size: ExperimentSize = '100k'): ExperimentSetting => ({
  ...afterSft(scheduler, size),
  sft: false,
})

/** One setting and method, on every seed. */
export const row = async (
  scheduler: Scheduler,
  group: string,
  name: string,
  setting: ExperimentSetting,
  method?: Method,
  seeds = scheduler.seeds,
): Promise<ExperimentRow> => {
  const measured = seeds.map((seed) => scheduler.measure({ ...setting, seed, ...(method === undefined ? {} : { method }) }))
  return { group, name, measured: await Promise.all(measured) }
}
