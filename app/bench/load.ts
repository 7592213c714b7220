/**
 * A checkpoint of a shape that people have, from its files to the device: its weights in bf16, kept as float32, or narrow. And generation by it, token by
 * token, against the speed at which its weights can be read.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, dispose, evaluate, leaves, volume } from '../../core/index.ts'
import { fromWeights, keepFrozen, type Parameters, readWeights, transformer } from '../../models/index.ts'
import { writeModel } from './align-problem.ts'
import { generated } from './generate.ts'
import { machineName } from './machine.ts'
import type { Measurement } from './row.ts'
import { type ShapeName, shapeConfig } from './shapes.ts'
import { round, summary } from './statistics.ts'

export interface LoadOptions {
  readonly backend: Backend
  readonly mode: string
  readonly threads: number
  readonly repeats: number
  readonly seed: number
  readonly shape: ShapeName
  readonly frozen?: 'bf16' | 'int8'
  readonly small: boolean
}

/** Loads as often as asked; `use` is given the last parameters, which are freed afterwards. */
async function* loading(
  { backend, mode, threads, repeats, seed, shape, frozen, small }: LoadOptions,
  use: (parameters: Parameters) => AsyncGenerator<Measurement>,
): AsyncGenerator<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-'))
  const config = shapeConfig(shape, small)
  try {
    await writeModel(directory, { shape, small }, seed)
    const times: number[] = []
    let kept: Parameters | undefined
    for (let i = 0; i < repeats; i++) {
      dispose(backend, kept)
      const before = performance.now()
      const stored = fromWeights(config, await readWeights(directory), directory)
      kept = frozen === undefined ? await evaluate(backend, stored) : await keepFrozen(backend, config, stored, frozen)
      times.push(performance.now() - before)
    }
    const found = summary(times)
    const bytes = 2 * leaves(kept).reduce((n, { shape: sizes }) => n + volume(sizes), 0)
    yield {
      ...{ what: `load ${shape}${frozen ? `, ${frozen}` : ''}`, backend: backend.name, mode, threads, ...found },
      ...{ 'GB/s': round(bytes / found.median / 1e6), peakMemory: process.resourceUsage().maxRSS * 1024, machine: machineName },
    }
    yield* use(kept!)
    dispose(backend, kept)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

export const load = (options: LoadOptions): AsyncGenerator<Measurement> => loading(options, async function* () {})

/** Greedy text of so many tokens, after the model is loaded. */
export const generateAt = (options: LoadOptions, tokens: number): AsyncGenerator<Measurement> =>
  loading(options, async function* (parameters) {
    const { backend, mode, threads, repeats, shape, small, frozen } = options
    const model = transformer(shapeConfig(shape, small))
    yield* generated({
      backend,
      mode,
      threads,
      repeats,
      tokens,
      model,
      parameters,
      what: `generate ${shape}${frozen ? `, ${frozen}` : ''}`,
    })
  })
