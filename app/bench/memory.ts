/** Memory: that it grows with the sequence as a line does, and that it does not grow with time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Wish } from '../inputs/backends.ts'
import { type Configuration, long } from './configurations.ts'
import { type Contestant, start } from './contest.ts'
import { machineName } from './machine.ts'
import { ourselves } from './peers.ts'
import { writeProblem } from './problem.ts'
import type { Growth } from './row.ts'
import { median, round } from './statistics.ts'

export interface MemoryOptions {
  readonly wish: Wish
  readonly threads: number
  readonly seed: number
}

/** The engine goes on compiling, and making room, for so many milliseconds of steps. */
const settling = 5000

/** A few steps on one text of 512 … 2048 tokens: the memory that the program needs, against that of the shortest text times their lengths' ratio. */
export async function* alongSequences(
  { wish, threads, seed }: MemoryOptions,
  contexts: readonly number[] = [512, 1024, 1536, 2048],
): AsyncGenerator<Growth> {
  let perToken: number | undefined
  for (const context of contexts)
    yield await alone(long(context), { wish, threads, seed }, async ({ hello, train }) => {
      const { memory: resident } = await train(3)
      const memory = Number(hello['planned memory'])
      perToken ??= memory / context
      const expected = perToken * context
      const what = `memory of a step on ${context} tokens`
      return { what, backend: hello.name, threads, memory, expected, ratio: round(memory / expected), resident, machine: machineName }
    })
}

/** Many steps: the resident size after the last, against that after as many before them, when everything was warm; after collections. */
export const alongSteps = (configuration: Configuration, options: MemoryOptions, steps: number): Promise<Growth> =>
  alone(configuration, options, async ({ hello, train }) => {
    const { times } = await train(10)
    await train(Math.ceil(settling / median(times)))
    await train(steps) // collected once, so that the engine has given back what it does not need
    const warm = await train(steps)
    const last = await train(steps)
    return {
      what: `memory after ${steps} steps of ${configuration.name}`,
      backend: hello.name,
      threads: options.threads,
      memory: last.resident,
      expected: warm.resident,
      ratio: round(last.resident / warm.resident),
      resident: last.memory,
      'arrays more': (last.arrays ?? 0) - (warm.arrays ?? 0),
      machine: machineName,
    }
  })

const alone = async <R>(
  configuration: Configuration,
  { wish, threads, seed }: MemoryOptions,
  f: (contestant: Contestant) => Promise<R>,
): Promise<R> => {
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-'))
  try {
    await writeProblem(directory, configuration, seed)
    const contestant = await start(ourselves(directory, wish, threads, ['--expose-gc']))
    return await f(contestant).finally(contestant.stop)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
