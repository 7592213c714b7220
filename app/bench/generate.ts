/** Generation: greedy text from a random Llama of the size of stories260K, one token at a time with a memory of the past. */
import type { Backend } from '../../core/index.ts'
import { generator, initialize, type Parameters, type Transformer, transformer } from '../../models/index.ts'
import { stories } from './configurations.ts'
import { machineName } from './machine.ts'
import type { Measurement } from './row.ts'
import { median, summary } from './statistics.ts'

export interface BenchGenerateOptions {
  readonly backend: Backend
  readonly mode: string
  readonly threads: number
  readonly repeats: number
  readonly seed: number
  readonly tokens: number
}

export const generate = ({ seed, ...options }: BenchGenerateOptions): AsyncGenerator<Measurement> =>
  generated({ ...options, model: transformer(stories), parameters: initialize(stories, seed), what: 'generate' })

/** What generation by any model takes. */
interface GeneratedOptions extends Omit<BenchGenerateOptions, 'seed'> {
  readonly model: Transformer
  readonly parameters: Parameters
  readonly what: string
}
export async function* generated({
  backend,
  mode,
  threads,
  repeats,
  tokens,
  model,
  parameters,
  what,
}: GeneratedOptions): AsyncGenerator<Measurement> {
  const write = generator(backend, model)
  const once = async (): Promise<readonly number[]> => {
    const times: number[] = []
    let before = performance.now()
    await write(parameters, [[1]], {
      maxTokens: tokens,
      temperature: 0,
      stop: [],
      onToken: () => {
        const now = performance.now()
        times.push(now - before)
        before = now
      },
    })
    return times.slice(1) // the first waits for the prompt, too
  }
  await once()
  const rounds: number[] = []
  for (let i = 0; i < repeats; i++) rounds.push(median(await once()))
  const times = summary(rounds)
  yield {
    what: `${what}, ${tokens} tokens`,
    backend: backend.name,
    mode,
    threads,
    ...times,
    'tokens/s': Math.round(1000 / times.median),
    peakMemory: process.memoryUsage.rss(),
    machine: machineName,
  }
}
