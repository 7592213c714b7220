/** Time small programs, one row each. */
import type { Backend } from '../../core/index.ts'
import { fraction, machine, machineName } from './machine.ts'
import { observed } from './observe.ts'
import type { BenchJob } from './programs.ts'
import type { Measurement } from './row.ts'
import { round, summary, timesOf } from './statistics.ts'

export interface JobOptions {
  readonly backend: Backend
  readonly mode: string
  readonly threads: number
  readonly repeats: number
  /** Milliseconds that each job is repeated for, at least. */
  readonly budget: number
}

export async function* timed(
  jobs: readonly BenchJob[],
  { backend, mode, threads, repeats, budget }: JobOptions,
): AsyncGenerator<Measurement> {
  const watched = observed(backend)
  const facts = await machine()
  for (const { what, elements, operations, bytes, prepare } of jobs) {
    const run = await prepare(watched)
    const times = summary(await timesOf(run, repeats, budget))
    const unit = operations === undefined ? 'GB/s' : 'GF/s'
    const work = operations ?? bytes
    const rate = work === undefined ? undefined : work / times.median / 1e6
    yield {
      what,
      backend: backend.name,
      mode,
      threads,
      ...times,
      ...(rate === undefined ? {} : { [unit]: round(rate), fraction: fraction(facts, unit, rate, threads) }),
      ...(bytes === undefined ? {} : { 'ns/element': round((times.median * 1e6) / elements) }),
      peakMemory: watched.compiled.at(-1)?.report.peakMemory ?? 0,
      machine: machineName,
    }
  }
}
