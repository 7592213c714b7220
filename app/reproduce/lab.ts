/**
 * The lab keeps what is finished: a file a cell, a file a model, written whole or not at all, named by everything that they depend on.
 * An experiment that was killed goes on where it was, and experiments share what they have in common.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Backend, dispose } from '../../core/index.ts'
import {
  exists,
  fromWeights,
  type Parameters,
  parseJson,
  readText,
  readWeights,
  toWeights,
  writeAtomically,
  writeWeights,
} from '../../models/index.ts'
import { duration } from '../cli/progress.ts'
import type { Terminal } from '../cli/terminal.ts'
import { Interrupted } from '../errors.ts'
import type { Lab } from './experiment.ts'
import { type Cell, type Measurement, type Method, pipeline, type Start } from './pipeline.ts'
import { configOf, type Recipe, type Size } from './recipe.ts'

export interface LabOptions {
  readonly terminal: Terminal
  readonly backend: Backend
  readonly recipe: Recipe
  readonly seeds: readonly number[]
  readonly out: string
}

export interface Work {
  readonly cells: number
  /** Processor time of cells and of the models that they start from, whenever they were computed; on one thread, what an idle machine takes. */
  readonly seconds: number
}

/** A lab, and what its cells have cost so far: each cell and model once. */
export const openLab = ({ terminal, backend, recipe, seeds, out }: LabOptions): { readonly lab: Lab; readonly work: () => Work } => {
  const { pretrain, tune, measure } = pipeline(backend, recipe, terminal.stop)
  const spent = new Map<string, number>()
  /** Everything that figures depend on. */
  const keyOf = (what: object, size: Size): string => {
    const { sizes, sweep: _, ...rest } = recipe
    const all = { what, recipe: { ...rest, size: sizes[size] }, backend: backend.name }
    return createHash('sha256').update(canonical(all)).digest('hex').slice(0, 16)
  }

  const timed = async <T>(title: string, work: () => Promise<T>): Promise<readonly [T, number]> => {
    if (terminal.stop.aborted) throw stopped(out)
    const began = process.cpuUsage()
    const result = await work().catch((error: unknown) => {
      throw terminal.stop.aborted ? stopped(out) : error
    })
    const { user, system } = process.cpuUsage(began)
    const seconds = (user + system) / 1e6
    terminal.say(`  ${title} · ${duration(seconds)}`)
    return [result, seconds]
  }

  /** A model from its file; or made, and filed. */
  const model = async (what: object, size: Size, title: string, make: () => Promise<Parameters>): Promise<Parameters> => {
    const key = keyOf(what, size)
    const [file, note] = [join(out, 'models', `${key}.safetensors`), join(out, 'models', `${key}.json`)]
    const config = configOf(recipe, size)
    if (!((await exists(note)) && (await exists(file)))) {
      const [made, seconds] = await timed(title, make)
      await writeWeights(file, await toWeights(backend, config, made))
      await writeAtomically(note, JSON.stringify({ what, seconds }))
      dispose(backend, made)
    }
    spent.set(key, secondsOf(await readText(note)))
    return fromWeights(config, await readWeights(file), file)
  }

  const startOf = async ({ size, seed, ends, data, sft }: Start): Promise<Parameters> => {
    const base = { size, seed, ends }
    const title = `${size}${ends > 0 ? `, an answer ends with probability ${ends}` : ''}, seed ${seed}`
    const read = await model(base, size, `pre-training ${title}`, () => pretrain(base))
    if (!sft) return read
    const tuned = { ...base, data }
    return model(tuned, size, `SFT ${title}`, () => tune({ ...tuned, sft }, read))
  }

  return {
    lab: {
      seeds,
      sweep: recipe.sweep,
      pairs: recipe.pairs,
      measure: async (cell) => {
        const key = keyOf(cell, cell.size)
        const file = join(out, 'cells', `${key}.json`)
        const start = await startOf(cell)
        if (!(await exists(file))) {
          const [measurement, seconds] = await timed(titleOf(cell), () => measure(cell, start))
          terminal.say(
            `    win ${measurement.win.toFixed(3)}, length ${measurement.length.toFixed(1)}, ended ${measurement.ended.toFixed(2)}`,
          )
          await writeAtomically(file, `${JSON.stringify({ cell, measurement, seconds }, null, 2)}\n`)
        }
        const text = await readText(file)
        spent.set(key, secondsOf(text))
        return (parseJson(text) as { readonly measurement: Measurement }).measurement // written above
      },
    },
    work: () => ({ cells: spent.size, seconds: [...spent.values()].reduce((a, b) => a + b, 0) }),
  }
}

const secondsOf = (text: string): number => (parseJson(text) as { readonly seconds: number }).seconds // written by the lab

const stopped = (out: string): Interrupted =>
  new Interrupted(`Stopped. What is finished is in ${out}: the same command goes on from there.`)

const titleOf = ({ size, seed, sft, data, method }: Cell): string =>
  [
    method === undefined ? (sft ? 'SFT' : 'base') : `${methodTitle(method)} ${sft ? 'after SFT' : 'without SFT'}`,
    size,
    ...(data.flipped === undefined ? [] : [`ε = ${data.flipped}`]),
    `seed ${seed}`,
  ].join(', ')
const methodTitle = ({ loss, rate, feedback, data }: Method): string =>
  `${loss} ${rate}${feedback === undefined ? '' : ` ${JSON.stringify(feedback)}`}${data?.contradictory === undefined ? '' : ` disputed ${data.contradictory}`}`

/** JSON with keys in alphabetical order: equal things have equal names. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  )
