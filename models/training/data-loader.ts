/**
 * From examples to the batches of a step: who is in it, with which unrelated completions, as padded rows, with what the reference model says of them.
 * The same step of the same data, options and seed always has the same batch.
 */
import { type Backend, type Tensor, tensor } from '../../core/index.ts'
import { stream } from '../../core/internal.ts'
import type { AnyLoss } from '../../halos/index.ts'
import { collect, dataColumns } from '../../halos/internal.ts'
import { type BatchOptions, bucketLength, epochOf, padTogether } from '../data/batches.ts'
import { checkExamples, type ExampleTexts, lengthOf, signOf, type TrainingExample, textsOf } from '../data/example.ts'
import { mismatch } from '../data/mismatch.ts'
import { seedFor } from '../data/shuffle.ts'
import { BatchError } from '../io/errors.ts'
import type { Dropout } from '../nets/dropout.ts'
import { sequencesOf } from '../nets/sequences.ts'
import type { Trainable } from '../nets/trainable.ts'
import { frozen } from './frozen.ts'
import type { ScoredTokens, TrainingBatch } from './objective.ts'

/** How examples become batches. */
export interface DataLoaderOptions extends Omit<BatchOptions, 'context'> {
  /** Examples a step. */
  readonly batch: number
  /** Parts in which a batch is run, to save memory. Default 1. */
  readonly accumulate?: number
  readonly seed?: number
  /** False: examples are taken as they come, every epoch in the same order: a curriculum. Default true. */
  readonly shuffled?: boolean
  /** p, from 0 to less than 1: in these batches, so many of the numbers inside the model are dropped. Default 0. */
  readonly dropout?: number
}

/** What one part of a step reads. */
export interface MicroBatch {
  readonly batch: TrainingBatch
  /** Which examples, by position. */
  readonly examples: readonly number[]
  /** Tokens of these examples, without padding, and without what is run beside them for z₀. */
  readonly tokens: number
}

/** The batches of a run, by step: a function of the seed and the step, so that a resumed run sees the same batches. */
export interface DataLoader<P> {
  readonly stepsPerEpoch: number
  /** The parts of one step, counted from 0. */
  readonly at: (step: number) => Promise<readonly MicroBatch[]>
  /** Takes another reference model from now on. */
  readonly refer: (reference: P) => void
}

/** Who is in which step: the same for the same data, options and seed, whatever runs it. */
export interface BatchOrder {
  readonly stepsPerEpoch: number
  /** The examples of a step, counted from 0. */
  readonly members: (step: number) => readonly number[]
  /** Whose completion answers the prompt of each, for the sake of z₀. */
  readonly others: (step: number) => readonly number[]
}
/** @throws BatchError when there are fewer examples than a batch */
export const batchOrder = (
  examples: readonly TrainingExample[],
  { batch: size, seed = 0, shuffled = true }: Pick<DataLoaderOptions, 'batch' | 'seed' | 'shuffled'>,
): BatchOrder => {
  const desirable = examples.map((example) => signOf(example) > 0)
  const lengths = examples.map((example) =>
    Math.max(
      ...Object.values(textsOf([example]))
        .flat()
        .map(lengthOf),
    ),
  )
  const stepsPerEpoch = Math.floor(examples.length / size)
  const epoch = latest((number) => epochOf(desirable, { size, seed, epoch: number, lengths, shuffled }))
  const members = (step: number): readonly number[] => epoch(Math.floor(step / stepsPerEpoch))[step % stepsPerEpoch]!
  return { stepsPerEpoch, members, others: (step) => deranged(examples, members(step), seedFor(seed, step, 2)) }
}

/**
 * The batches of a run: of what the loss needs, padded on the right, in an order that depends on data, options and seed only. What the reference model
 * says of an example is computed once and kept for all epochs.
 * @param reference the parameters of π_ref
 * @throws BatchError when an example lacks what the loss needs, when there are fewer examples than a batch, or for a dropout outside [0, 1)
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { getOrThrow, kto } from 'halograd/halos'
 * import { dataLoader, initialize, parseConfig, transformer } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const examples = [0, 1, 2, 3].map((i) => ({ outcome: { prompt: [i], completion: [i + 1] }, label: i % 2 === 0 }))
 * const loader = dataLoader(reference(), transformer(config), getOrThrow(kto()), initialize(config, 1), examples, { batch: 2 })
 * const [part] = await loader.at(0)
 * ```
 */
export const dataLoader = <P>(
  backend: Backend,
  model: Trainable<P>,
  loss: AnyLoss,
  reference: P,
  examples: readonly TrainingExample[],
  { batch: size, accumulate = 1, seed = 0, shuffled = true, dropout: rate = 0, ...padding }: DataLoaderOptions,
): DataLoader<P> => {
  checkExamples(loss, examples, model.config.vocab)
  if (!(rate >= 0 && rate < 1))
    throw new BatchError({ field: 'dropout', expected: 'a number from 0 to less than 1', found: String(rate), advice: 'Use 0.1, or none.' })
  const options = { ...padding, context: model.config.context }
  const signs = examples.map(signOf)
  const weighed = examples.some(({ weight = 1 }) => weight !== 1)
  const order = batchOrder(examples, { batch: size, seed, shuffled })
  const inParts = (members: readonly number[]) => chunks(members, Math.ceil(size / accumulate))
  const own = (members: readonly number[]): ExampleTexts => textsOf(members.map((i) => examples[i]!))
  const homes = firstEpoch(order).flatMap(inParts)
  const { known, score, refer } = frozen(backend, model, reference, own, homes, { ...options, tokens: loss.tokens !== undefined })

  const dropout = (...use: readonly number[]): Dropout => ({
    rate: scalar(Math.fround(rate)),
    key: scalar(use.reduce(stream, seed) >>> 8),
  })
  /** `others[i]`: whose completion answers the prompt of `members[i]`, for the sake of z₀. */
  const micro = async (members: readonly number[], others: readonly number[] | undefined, use: readonly number[]): Promise<MicroBatch> => {
    const mine = own(members)
    const texts = { ...mine, ...(others === undefined ? {} : { unrelated: mixed(examples, members, others) }) }
    const padded = padTogether(Object.values(texts), options)
    const scored: { -readonly [R in keyof ExampleTexts]: ScoredTokens } = {}
    for (const [i, role] of rolesOf(texts).entries()) {
      const sequences = sequencesOf(padded[i]!)
      const { seq } = padded[i]!
      const reference = loss.needs.reference && (await (role === 'unrelated' ? score(texts[role]!, seq) : known(role, members, seq)))
      scored[role] = { ...sequences, ...reference, ...(rate > 0 && { dropout: dropout(...use, i) }) }
    }
    const column = (values: readonly number[]) => tensor({ batch: members.length }, values)
    const label = loss.needs.label && { label: column(members.map((i) => signs[i]!)) }
    const weight = weighed && { weight: column(members.map((i) => examples[i]!.weight ?? 1)) }
    const given = dataColumns.filter((name) => loss.needs[name])
    const values = collect(given, (name) => column(members.map((i) => examples[i]![name]!))) // checked to be there
    const tokens = Object.values(mine)
      .flat()
      .reduce((n, text) => n + lengthOf(text), 0)
    return { batch: { ...scored, ...label, ...weight, ...values }, examples: members, tokens }
  }

  return {
    stepsPerEpoch: order.stepsPerEpoch,
    refer,
    at: async (step) => {
      const [members, others] = [order.members(step), loss.needs.unrelated ? inParts(order.others(step)) : []]
      const parts: MicroBatch[] = []
      for (const [i, part] of inParts(members).entries()) parts.push(await micro(part, others[i], [step, i]))
      return parts
    },
  }
}

/** The fraction of the positions of the first epoch's batches that hold no token, unrelated completions not counted. */
export const paddingOf = (
  examples: readonly TrainingExample[],
  { accumulate = 1, ...options }: Pick<DataLoaderOptions, 'batch' | 'seed' | 'shuffled' | 'accumulate' | 'bucket'>,
  context: number,
): number => {
  let [tokens, positions] = [0, 0]
  for (const members of firstEpoch(batchOrder(examples, options)).flatMap((all) => chunks(all, Math.ceil(options.batch / accumulate)))) {
    const texts = Object.values(textsOf(members.map((i) => examples[i]!))).flat()
    const lengths = texts.map((text) => Math.min(lengthOf(text), context))
    tokens += lengths.reduce((n, length) => n + length, 0)
    positions += texts.length * bucketLength(Math.max(1, ...lengths), context, options.bucket)
  }
  return positions === 0 ? 0 : 1 - tokens / positions
}

const scalar = (value: number): Tensor => tensor({}, [value])
const rolesOf = (texts: ExampleTexts) => Object.keys(texts) as (keyof ExampleTexts)[] // an object literal of these keys

/** Each prompt with the completion of another example. */
const mixed = (examples: readonly TrainingExample[], members: readonly number[], others: readonly number[]) =>
  members.map((i, k) => ({ prompt: outcomeOf(examples[i]!).prompt, completion: outcomeOf(examples[others[k]!]!).completion }))
const outcomeOf = (example: TrainingExample) => ('chosen' in example ? example.chosen : example.outcome)

/** Whose completion each member gets: all of the batch are mixed, whichever part they are in. */
const deranged = (examples: readonly TrainingExample[], members: readonly number[], seed: number): readonly number[] => {
  const outcomes = members.map((i) => outcomeOf(examples[i]!))
  return mismatch(outcomes, seed).map((k) => members[k]!)
}

const chunks = <T>(values: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size))

const firstEpoch = ({ stepsPerEpoch, members }: BatchOrder): readonly (readonly number[])[] =>
  Array.from({ length: stepsPerEpoch }, (_, step) => members(step))

/** Remembers the result for the last key. */
const latest = <T>(f: (key: number) => T) => {
  let last: { readonly key: number; readonly value: T } | undefined
  return (key: number): T => {
    if (last?.key !== key) last = { key, value: f(key) }
    return last.value
  }
}
