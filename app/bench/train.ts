/** Training: ours alone, or in turns with a peer on the same weights and batches. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Wish } from '../inputs/backends.ts'
import { type Configuration, operationsPerStep, tokensPerStep } from './configurations.ts'
import { type Contestant, contest, type Result, start } from './contest.ts'
import { fraction, machine, machineName } from './machine.ts'
import { ourselves, type PeerName, peer } from './peers.ts'
import { writeProblem } from './problem.ts'
import type { Watch } from './quiet.ts'
import type { BenchRefusal, BenchRow, Measurement, Ratio } from './row.ts'
import { median, round, summary } from './statistics.ts'

export interface TrainOptions {
  readonly configuration: Configuration
  readonly wish: Wish
  /** Of every contestant. */
  readonly threads: number
  readonly against: readonly PeerName[]
  /** Rounds that each contestant runs, and about how many milliseconds each takes. */
  readonly repeats: number
  readonly round: number
  readonly seed: number
  /** At the cores, between rounds. */
  readonly look: Watch['look']
  /** Where the time of our step goes, instead of how much it is. */
  readonly profile: boolean
}

export async function* train(options: TrainOptions): AsyncGenerator<BenchRow> {
  const { configuration, wish, threads, against, repeats, seed } = options
  const what = `train ${configuration.name}`
  await machine() // its peaks are measured before anything competes with them
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-'))
  const contestants: Contestant[] = []
  try {
    await writeProblem(directory, configuration, seed)
    contestants.push(await start(ourselves(directory, wish, threads)))
    for (const name of against) {
      const command = await peer(name, directory, threads)
      if ('absent' in command) yield { what, refused: command.absent, backend: contestants[0]!.hello.name, against: name, threads }
      else contestants.push(await start(command))
    }
    if (options.profile) return yield* profiled(what, contestants[0]!)
    const looks: number[] = []
    const [us, ...others] = await contest(contestants, repeats, options.round, async () => void looks.push(await options.look()))
    const look = round(median(looks))
    yield { ...(await measurement(configuration, us!)), look }
    for (const them of others) {
      yield { ...(await measurement(configuration, them)), look }
      yield { ...compare(what, us!, them), look }
    }
  } finally {
    await Promise.all(contestants.map(({ stop }) => stop()))
    await rm(directory, { recursive: true, force: true })
  }
}

async function* profiled(what: string, { hello, train, profile }: Contestant): AsyncGenerator<BenchRow> {
  await train(5)
  const kernels = await profile(10)
  const total = kernels.reduce((sum, { time }) => sum + time, 0)
  for (const { kernel, calls, time } of kernels)
    yield { what: `profile of ${what}`, backend: hello.name, kernel, calls, time: round(time), share: round(time / total) }
}

const measurement = async (
  configuration: Configuration,
  { hello, threads, losses, rounds, memory, others }: Result,
): Promise<Measurement> => {
  const { name, ...facts } = hello
  const times = summary(rounds.flat())
  const rate = operationsPerStep(configuration) / times.median / 1e6
  return {
    what: `train ${configuration.name}`,
    backend: name,
    threads,
    ...times,
    'tokens/s': Math.round((1000 * tokensPerStep(configuration)) / times.median),
    'best tokens/s': Math.round((1000 * tokensPerStep(configuration)) / times.best),
    'GF/s': round(rate),
    fraction: fraction(await machine(), 'GF/s', rate, threads),
    peakMemory: memory,
    machine: machineName,
    others: round(others),
    ...facts,
    ...(losses[0] === undefined ? {} : { 'first loss': losses[0] }),
    ...(losses[7] === undefined ? {} : { 'loss 8': losses[7] }),
  }
}

/** First losses further apart than this are those of different problems. */
const tolerance = 1e-4

/** How many times faster we are, pair by pair of neighbouring rounds; or why that would mean nothing. */
export const compare = (what: string, us: Result, them: Result): Ratio | BenchRefusal => {
  const base = { what, backend: us.hello.name, against: them.hello.name, threads: us.threads }
  const [ours, theirs] = [us.losses[0] ?? Number.NaN, them.losses[0] ?? Number.NaN]
  if (!(Math.abs(ours - theirs) <= tolerance))
    return { ...base, refused: `the first losses are ${ours} and ${theirs}: not the same work, so no ratio` }
  const pairs = us.rounds.map((times, i) => round(median(them.rounds[i]!) / median(times)))
  return { ...base, mode: us.hello.mode, ratio: round(median(pairs)), pairs, memory: round(us.memory / them.memory) }
}
