/**
 * `halograd bench gpu`: the adapter and its measured peaks, products and other operations against them, what a step costs to encode, and steps of
 * training in turns with jax-js and gpu.js on the same adapter.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adapterFacts, adapterPeaks } from '../../backends/webgpu/index.ts'
import type { Backend } from '../../core/index.ts'
import { openBackend } from '../inputs/backends.ts'
import { type Configuration, configurations } from './configurations.ts'
import { machineName } from './machine.ts'
import { readProblem, writeProblem } from './problem.ts'
import { type BenchJob, kernels, products, square } from './programs.ts'
import type { Watch } from './quiet.ts'
import type { AdapterRow, BenchRow, EncodingRow, Measurement } from './row.ts'
import { round, summary, timesOf } from './statistics.ts'
import { trainingOn } from './step.ts'
import { train } from './train.ts'

export interface GpuOptions {
  readonly repeats: number
  readonly seed: number
  readonly small: boolean
  readonly look: Watch['look']
}

const wish = { backend: 'webgpu' } as const

export async function* gpu({ repeats, seed, small, look }: GpuOptions): AsyncGenerator<BenchRow> {
  const facts = await adapterFacts()
  const peaks = await adapterPeaks()
  const adapter: AdapterRow = {
    ...{ what: 'adapter', backend: 'webgpu', machine: machineName, ...facts },
    ...{ 'peak GF/s': round(peaks['peak GF/s']), 'peak GB/s': round(peaks['peak GB/s']) },
  }
  yield adapter
  const { backend, mode } = await openBackend(wish, () => {})
  try {
    const sizes = facts.software ? [256] : [256, 512, 1024, 2048, 4096]
    const jobs = small
      ? products(true)
      : [...sizes.map(square), ...products(false).filter(({ what }) => /1024|batched|32 ×/.test(what)), ...kernels(1024, 1024)]
    for (const job of jobs) yield await measured(job, backend, mode, adapter, repeats, small ? 1 : 300)
    yield await encoding(backend, small ? configurations.tiny : configurations.A, seed)
  } finally {
    await backend.close?.()
  }
  const trained =
    small || facts.software ? [configurations.tiny, ...(small ? [] : [configurations.A])] : [configurations.A, configurations.B]
  for (const configuration of trained) {
    const common = { configuration, wish, threads: 1, repeats, seed, look, profile: false, round: small ? 50 : 1000 }
    yield* train({ ...common, against: ['jax-js-webgpu', 'gpujs-webgpu'] })
  }
}

/** The time of a run until its results are there: what is read back afterwards waits for it. */
const measured = async (
  job: BenchJob,
  backend: Backend,
  mode: string,
  adapter: AdapterRow,
  repeats: number,
  budget: number,
): Promise<Measurement> => {
  const { what, elements, operations, bytes, prepare } = job
  const run = await prepare(backend)
  const fence = backend.upload([0])
  const finished = async (): Promise<void> => {
    await run()
    await backend.download(fence)
  }
  const times = summary(await timesOf(finished, repeats, budget))
  backend.free(fence)
  const unit = operations === undefined ? 'GB/s' : 'GF/s'
  const work = operations ?? bytes
  const rate = work === undefined ? undefined : work / times.median / 1e6
  return {
    ...{ what, backend: backend.name, mode, threads: 1, ...times, peakMemory: 4 * elements, machine: machineName },
    ...(rate === undefined ? {} : { [unit]: round(rate), fraction: round(rate / adapter[`peak ${unit}`]) }),
  }
}

/** What JavaScript does for a step of training, which is all until the step is submitted: the fastest of a few. */
const encoding = async (given: Backend, configuration: Configuration, seed: number): Promise<EncodingRow> => {
  const times: number[] = []
  const backend: Backend = {
    ...given,
    compile: async (graph) => {
      const made = await given.compile(graph)
      const run: typeof made.run = (inputs) => {
        const start = performance.now()
        const running = made.run(inputs)
        times.push((1000 * (performance.now() - start)) / made.report.kernels)
        return running
      }
      return { ...made, run }
    },
  }
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-'))
  await writeProblem(directory, configuration, seed)
  const training = await trainingOn(backend, await readProblem(directory))
  await rm(directory, { recursive: true, force: true })
  for (let i = 0; i < 24; i++) await training.step()
  const { kernels: dispatches, flops, traffic } = training.report
  return {
    ...{ what: `encoding of train ${configuration.name}`, backend: given.name, dispatches, flops, 'counted bytes': traffic },
    ...{ 'µs/dispatch': round(Math.min(...times)), machine: machineName },
  }
}
