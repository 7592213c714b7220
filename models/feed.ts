/**
 * From examples to the batches of a step: who is in it, with which unrelated completions, as padded rows, with what the reference model says of them.
 * The reference model never changes, so it is run once for each completion and remembered.
 */
import { type Backend, compile, dispose, read, tensor } from '../core/index.ts'
import { type Batch, type BatchOptions, type Example, epochOf, padTogether } from './batches.ts'
import { BatchError } from './errors.ts'
import type { TrainingLoss } from './loss.ts'
import { mismatch } from './mismatch.ts'
import type { Scored, TrainingBatch } from './objective.ts'
import { onDevice } from './resident.ts'
import { seedFor } from './shuffle.ts'
import type { Sequences, Transformer } from './transformer.ts'

/** One example as tokens: a preference, or a completion, judged or merely shown. */
export type TrainingExample =
  | { readonly chosen: Example; readonly rejected: Example }
  | {
      readonly outcome: Example
      /** Desirable or undesirable; or an advantage, whose sign says that and whose magnitude weighs the example. */
      readonly label?: boolean | number
    }

export interface FeedOptions extends Omit<BatchOptions, 'context'> {
  /** Examples a step. */
  readonly batch: number
  /** Parts in which a batch is run, to save memory. Default 1. */
  readonly accumulate?: number
  readonly seed?: number
}

/** What one part of a step reads. */
export interface MicroBatch {
  readonly batch: TrainingBatch
  /** Which examples, by position. */
  readonly examples: readonly number[]
  /** Tokens of prompts and completions, without padding. */
  readonly tokens: number
}

export interface Feed {
  readonly stepsPerEpoch: number
  /** The parts of one step, counted from 0. The same step always has the same batch. */
  readonly at: (step: number) => Promise<readonly MicroBatch[]>
}

/** Padded rows as tensors. Position t reads token t and predicts token t + 1. */
export const sequencesOf = ({ batch, seq, tokens, mask }: Pick<Batch, 'batch' | 'seq' | 'tokens' | 'mask'>): Sequences => {
  const later = (x: ArrayLike<number>) =>
    tensor(
      { batch, seq },
      Float32Array.from(x, (_, i) => ((i + 1) % seq === 0 ? 0 : x[i + 1]!)),
    )
  return { tokens: tensor({ batch, seq }, tokens), targets: later(tokens), mask: later(mask) }
}

/** Batches of what the loss needs. @throws BatchError when an example lacks it, or when there are fewer examples than a batch */
export const feed = <P>(
  backend: Backend,
  model: Transformer<P>,
  loss: TrainingLoss,
  reference: P,
  examples: readonly TrainingExample[],
  { batch: size, accumulate = 1, seed = 0, ...padding }: FeedOptions,
): Feed => {
  checkExamples(loss, examples)
  const score = scorer(backend, model, reference)
  const labels = examples.map(signOf)
  const lengths = examples.map((example) => Math.max(...Object.values(partsOf(example)).map(lengthOf)))
  const desirable = labels.map((label) => label > 0)
  const stepsPerEpoch = Math.floor(examples.length / size)
  const epoch = latest((number: number) => epochOf(desirable, { size, seed, epoch: number, lengths }))

  /** `others[i]`: whose completion the prompt of `members[i]` is mismatched with. */
  const micro = async (members: readonly number[], others: readonly number[] | undefined): Promise<MicroBatch> => {
    const rows = rowsOf(examples, members, others)
    const padded = padTogether(Object.values(rows), { ...padding, context: model.config.context })
    const scored: Record<string, Scored> = {}
    for (const [i, [name, part]] of Object.entries(rows).entries()) {
      const sequences = sequencesOf(padded[i]!)
      scored[name] = loss.needs.reference ? { ...sequences, reference: await score(part, sequences) } : sequences
    }
    const signs = members.map((i) => labels[i]!)
    return {
      batch: { ...scored, ...(loss.needs.label ? { label: tensor({ batch: members.length }, signs) } : {}) },
      examples: members,
      tokens: Object.values(rows)
        .flat()
        .reduce((n, row) => n + lengthOf(row), 0),
    }
  }

  return {
    stepsPerEpoch,
    at: async (step) => {
      const members = epoch(Math.floor(step / stepsPerEpoch))[step % stepsPerEpoch]!
      const others = loss.needs.unrelated ? unrelatedTo(examples, members, seedFor(seed, step, 2)) : undefined
      const part = Math.ceil(size / accumulate)
      const parts: MicroBatch[] = []
      for (let from = 0; from < size; from += part)
        parts.push(await micro(members.slice(from, from + part), others?.slice(from, from + part)))
      return parts
    },
  }
}

type Part = 'chosen' | 'rejected' | 'outcome' | 'unrelated'
interface Row extends Example {
  /** The same text of the same example has the same key. */
  readonly key: string
}

const partsOf = (example: TrainingExample): Partial<Record<Part, Example>> =>
  'chosen' in example ? { chosen: example.chosen, rejected: example.rejected } : { outcome: example.outcome }
const signOf = (example: TrainingExample): number => {
  const label = 'chosen' in example ? undefined : example.label
  return typeof label === 'number' ? label : label === false ? -1 : 1
}
const outcomeOf = (example: TrainingExample): Example => ('chosen' in example ? example.chosen : example.outcome)
const lengthOf = ({ prompt, completion }: Example): number => prompt.length + completion.length

const rowsOf = (
  examples: readonly TrainingExample[],
  members: readonly number[],
  others: readonly number[] | undefined,
): Partial<Record<Part, readonly Row[]>> => {
  const rows: Partial<Record<Part, Row[]>> = {}
  for (const i of members)
    for (const [name, text] of Object.entries(partsOf(examples[i]!)) as [Part, Example][])
      rows[name] = [...(rows[name] ?? []), { ...text, key: `${name} ${i}` }]
  const mismatched = others?.map((j, k): Row => {
    const i = members[k]!
    return { prompt: outcomeOf(examples[i]!).prompt, completion: outcomeOf(examples[j]!).completion, key: `${i} ${j}` }
  })
  return mismatched === undefined ? rows : { ...rows, unrelated: mismatched }
}

const unrelatedTo = (examples: readonly TrainingExample[], members: readonly number[], seed: number): readonly number[] =>
  mismatch(
    members.map((i) => outcomeOf(examples[i]!)),
    seed,
  ).map((k) => members[k]!)

/** log π_ref of rows. A padded batch is run when any of its rows is new. */
const scorer = <P>(backend: Backend, model: Transformer<P>, reference: P) => {
  const run = compile(backend, (parameters: P, sequences: Sequences) => model.logProbabilities(parameters, sequences))
  const known = new Map<string, number>()
  const resident = latest(() => onDevice(backend, reference))
  return async (rows: readonly Row[], sequences: Sequences) => {
    if (rows.some(({ key }) => !known.has(key))) {
      const scored = await run(await resident(0), sequences)
      const scores = await read(backend, scored)
      dispose(backend, scored)
      for (const [i, { key }] of rows.entries()) known.set(key, scores[i]!)
    }
    return tensor(
      { batch: rows.length },
      rows.map(({ key }) => known.get(key)!),
    )
  }
}

/** Remembers the result for the last key. */
const latest = <T>(f: (key: number) => T) => {
  let last: { readonly key: number; readonly value: T } | undefined
  return (key: number): T => {
    if (last?.key !== key) last = { key, value: f(key) }
    return last.value
  }
}

const checkExamples = (loss: TrainingLoss, examples: readonly TrainingExample[]): void => {
  const lacking = examples.findIndex((example) =>
    loss.needs.pair ? !('chosen' in example) : 'chosen' in example || (loss.needs.label && example.label === undefined),
  )
  if (lacking < 0) return
  const expected = loss.needs.pair ? 'chosen and rejected' : loss.needs.label ? 'outcome and label' : 'outcome'
  throw new BatchError({
    field: `examples[${lacking}]`,
    expected: `${expected}, which ${loss.name} learns from`,
    found: Object.keys(examples[lacking]!).join(' and '),
    advice: 'Convert the data (asLabelled, asPairs, asDemonstrations), or use another loss.',
  })
}
