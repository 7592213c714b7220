/**
 * What a loss costs: KTO against SFT in the training loop of `halograd align`, in turns, on the same texts.
 *
 *     KTO's tokens/s ≥ 0.9 × SFT's tokens/s × operations of a step of SFT / operations of a step of KTO
 *
 * KTO also reads unrelated completions, by the policy and by the reference model: the cost model counts that. Whatever else it did
 * (score completions again whose score is known, wait for the host) would not be counted, and show in the ratio of operations a second.
 */
import type { Backend } from '../../core/index.ts'
import { getOrThrow, kto, sft } from '../../halos/index.ts'
import { adamW, begin, constantRate, initialize, type TrainingExample, train, transformer } from '../../models/index.ts'
import { type Configuration, hyper } from './configurations.ts'
import { fraction, machine, machineName } from './machine.ts'
import { observed } from './observe.ts'
import { walk } from './problem.ts'
import type { Measurement, Ratio } from './row.ts'
import { median, round, summary } from './statistics.ts'

export interface LossesOptions {
  readonly backend: Backend
  readonly mode: string
  readonly threads: number
  readonly repeats: number
  readonly seed: number
  readonly configuration: Configuration
}

/** Steps of a round that are measured; the one before them compiles, and scores what is remembered. */
const steps = 4

export async function* losses(options: LossesOptions): AsyncGenerator<Measurement | Ratio> {
  const { mode, threads, repeats, configuration, seed } = options
  const backend = observed(options.backend)
  const model = transformer(configuration.model)
  const optimizer = adamW({ ...hyper, rate: constantRate(hyper.rate) })
  const examples = judged(configuration, seed)
  const reference = initialize(configuration.model, seed)
  const facts = await machine()
  const runs = [getOrThrow(sft()), getOrThrow(kto({ beta: 0.1 }))].map((loss) => {
    const rounds: { readonly times: readonly number[]; readonly flops: number }[] = []
    let [state, done] = [begin(optimizer, reference), 0]
    const go = async (): Promise<void> => {
      const times: number[] = []
      let before = 0
      state = await train(state, {
        ...{ backend, model, loss, optimizer, examples, reference, seed, batch: configuration.batch, steps: done + 1 + steps },
        onStep: ({ step, seconds }) => {
          if (step === done + 1) before = backend.flops()
          else times.push(1000 * seconds)
        },
      })
      done += 1 + steps
      rounds.push({ times, flops: (backend.flops() - before) / steps })
    }
    return { name: loss.name, rounds, go }
  })
  for (let i = 0; i < repeats; i++) for (const { go } of runs) await go()

  const tokens = configuration.batch * configuration.model.context
  for (const { name, rounds } of runs) {
    const [times, flops] = [summary(rounds.flatMap((each) => each.times)), median(rounds.map((each) => each.flops))]
    const rate = flops / times.median / 1e6
    yield {
      ...{ what: `${name} step of ${configuration.name}`, backend: backend.name, mode, threads, ...times },
      ...{
        'tokens/s': Math.round((1000 * tokens) / times.median),
        flops,
        'GF/s': round(rate),
        fraction: fraction(facts, 'GF/s', rate, threads),
      },
      ...{ peakMemory: process.memoryUsage.rss(), machine: machineName },
    }
  }
  const [imitating, aligning] = runs
  const pairs = imitating!.rounds.map((ours, i) => {
    const theirs = aligning!.rounds[i]!
    return round(theirs.flops / median(theirs.times) / (ours.flops / median(ours.times)))
  })
  yield { what: 'operations a second', ratio: round(median(pairs)), pairs, backend: aligning!.name, against: imitating!.name, threads }
}

/** One batch of texts, each a quarter prompt; every other one is liked. */
const judged = (configuration: Configuration, seed: number): readonly TrainingExample[] => {
  const { context } = configuration.model
  const tokens = [...walk(configuration, seed).subarray(0, configuration.batch * (context + 1))]
  return Array.from({ length: configuration.batch }, (_, i) => {
    const text = tokens.slice(i * (context + 1), i * (context + 1) + context)
    return { outcome: { prompt: text.slice(0, context / 4), completion: text.slice(context / 4) }, label: i % 2 === 0 }
  })
}
