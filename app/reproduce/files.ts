/** Where finished things are: a file a cell, a file a model and a note beside it, named by everything that they depend on. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readText } from '../../models/index.ts'
import { exists, parseJson } from '../../models/internal.ts'
import type { Base, PipelineCell, PipelineMeasurement, Start } from './pipeline.ts'
import type { ExperimentSize, Recipe } from './recipe.ts'

/** What can be made, and needs the one before it: a pre-trained model, a model after SFT, a measurement. */
export type ExperimentJob =
  | { readonly kind: 'base'; readonly of: Base }
  | { readonly kind: 'tuned'; readonly of: Start }
  | { readonly kind: 'cell'; readonly of: PipelineCell }

/** What is recorded of a finished job. */
export interface Note {
  /** Processor time. */
  readonly seconds: number
  /** Of a cell. */
  readonly measurement?: PipelineMeasurement
}

export const baseOf = ({ size, seed, ends }: Base): ExperimentJob & { readonly kind: 'base' } => ({
  kind: 'base',
  of: { size, seed, ends },
})
/** The model that a cell starts from. */
export const startOf = (cell: Start): ExperimentJob =>
  cell.sft ? { kind: 'tuned', of: { ...baseOf(cell).of, data: cell.data, sft: true } } : baseOf(cell)

export interface ResultFiles {
  readonly key: (job: ExperimentJob) => string
  /** The note on a job: JSON. */
  readonly note: (job: ExperimentJob) => string
  /** The weights of a model. */
  readonly weights: (job: ExperimentJob) => string
  /** The note, if the job is done. */
  readonly done: (job: ExperimentJob) => Promise<Note | undefined>
}

export const files = (out: string, recipe: Recipe, backend: string): ResultFiles => {
  const { sizes, sweep: _, ...rest } = recipe
  const key = ({ kind, of }: ExperimentJob): string => {
    const { size } = of
    const what = kind === 'tuned' ? { ...baseOf(of).of, data: of.data } : of
    return createHash('sha256')
      .update(canonical({ what, recipe: { ...rest, size: sizes[size as ExperimentSize] }, backend }))
      .digest('hex')
      .slice(0, 16)
  }
  const path = (job: ExperimentJob, ending: string) => join(out, job.kind === 'cell' ? 'cells' : 'models', `${key(job)}.${ending}`)
  const note = (job: ExperimentJob) => path(job, 'json')
  return {
    key,
    note,
    weights: (job) => path(job, 'safetensors'),
    done: async (job) => ((await exists(note(job))) ? (parseJson(await readText(note(job))) as Note) : undefined), // only workers write there
  }
}

/** JSON with keys in alphabetical order: equal things have equal names. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  )
