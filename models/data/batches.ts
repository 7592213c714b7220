/**
 * From token sequences to the arrays of a step: who goes into which batch, how long a batch is, what is cut, what is padded, what counts.
 * Programs are compiled once per shape, so lengths are rounded up to a few buckets.
 */
import { BatchError } from '../io/errors.ts'
import { seedFor, shuffle } from './shuffle.ts'
import { type Example, fit } from './truncate.ts'

export interface BatchOptions {
  /** The longest sequence that the model takes, in tokens. */
  readonly context: number
  /** Lengths are rounded up to multiples of so many tokens; without it, to one of four lengths an octave: at most a quarter is padding. */
  readonly bucket?: number
  /** The token that fills what is left; masked, and to the right, where causal attention never looks. */
  readonly padding?: number
}

export interface Batch {
  readonly batch: number
  readonly seq: number
  /** [batch, seq], row-major. */
  readonly tokens: Int32Array
  /** [batch, seq]: 1 at the tokens of completions, 0 at prompts and padding. The first position is always 0: nothing predicts it. */
  readonly mask: Float32Array
  /** How many examples were longer than the context, and lost the beginning of the prompt or also the end of the completion. */
  readonly truncated: Truncated
}

export interface Truncated {
  readonly prompts: number
  readonly completions: number
}

/** `length` rounded up to its bucket, at most `context`: 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, … or multiples of `bucket`. */
export const bucketLength = (length: number, context: number, bucket = Math.max(4, 2 ** Math.ceil(Math.log2(length)) / 8)): number =>
  Math.min(context, Math.max(Math.ceil(length / bucket), 1) * bucket)

/** Groups of examples as batches of one length: chosen and rejected, or completions and unrelated ones, run through one compiled program. */
export const padTogether = (groups: readonly (readonly Example[])[], options: BatchOptions): readonly Batch[] => {
  const fitted = groups.map((group) => group.map((example) => fit(example, options.context)))
  const longest = Math.max(1, ...fitted.flat().map(({ prompt, completion }) => prompt.length + completion.length))
  const seq = bucketLength(longest, options.context, options.bucket)
  return fitted.map((examples, g) => ({
    batch: examples.length,
    seq,
    ...arrays(examples, seq, options.padding ?? 0),
    truncated: truncation(groups[g] ?? [], examples),
  }))
}

/** Examples as one batch. */
export const pad = (examples: readonly Example[], options: BatchOptions): Batch => padTogether([examples], options)[0]!

const arrays = (examples: readonly Example[], seq: number, padding: number): Pick<Batch, 'tokens' | 'mask'> => {
  const tokens = new Int32Array(examples.length * seq).fill(padding)
  const mask = new Float32Array(examples.length * seq)
  for (const [row, { prompt, completion }] of examples.entries()) {
    const begin = row * seq + prompt.length
    tokens.set(prompt, row * seq)
    tokens.set(completion, begin)
    mask.fill(1, Math.max(begin, row * seq + 1), begin + completion.length)
  }
  return { tokens, mask }
}

const truncation = (before: readonly Example[], after: readonly Example[]): Truncated => ({
  prompts: before.filter(({ prompt }, i) => prompt.length > after[i]!.prompt.length).length,
  completions: before.filter(({ completion }, i) => completion.length > after[i]!.completion.length).length,
})

export interface EpochOptions {
  /** Examples a batch. */
  readonly size: number
  readonly seed: number
  readonly epoch: number
  /** Length of each example, in tokens. With it, batches are of similar lengths. */
  readonly lengths?: readonly number[]
  /** False: batches are what follows one another in the data. Default true. */
  readonly shuffled?: boolean
}

/** Batches, at most, among which examples may be exchanged for the sake of similar lengths: the more, the less padding. */
const pool = 100

/**
 * One epoch as batches of indices, each index at most once. Every batch has the labels in nearly the proportion of the data; examples are
 * shuffled, then grouped by length within pools of at most 100 batches, all of about one size. What is left over at the end of an epoch waits for another order.
 * @param labels one label an example: desirable or undesirable, or all the same
 * @throws BatchError when there are fewer examples than a batch
 */
export const epochOf = (
  labels: readonly boolean[],
  { size, seed, epoch, lengths, shuffled = true }: EpochOptions,
): readonly (readonly number[])[] => {
  if (labels.length < size)
    throw new BatchError({
      expected: `at least ${size} examples`,
      found: String(labels.length),
      advice: 'Use a smaller batch, or more data.',
    })
  if (!shuffled) return chunks([...labels.keys()], size).filter(({ length }) => length === size)
  const order = interleave(shuffle([...labels.keys()], seedFor(seed, epoch, 0)), labels)
  const whole = order.slice(0, Math.floor(order.length / size) * size)
  const inPool = Math.ceil(whole.length / size / Math.ceil(whole.length / size / pool))
  const batches = chunks(whole, size * inPool).flatMap((indices) =>
    chunks(
      lengths === undefined
        ? indices
        : interleave(
            [...indices].sort((a, b) => lengths[a]! - lengths[b]!),
            labels,
          ),
      size,
    ),
  )
  return shuffle(batches, seedFor(seed, epoch, 1))
}

/** The indices with both labels spread evenly, those of each label in the order given. */
const interleave = (indices: readonly number[], labels: readonly boolean[]): readonly number[] => {
  const spread = [true, false].flatMap((label) => {
    const those = indices.filter((index) => labels[index] === label)
    return those.map((index, i) => ({ index, at: (i + 0.5) / those.length }))
  })
  return spread.sort((a, b) => a.at - b.at).map(({ index }) => index)
}

const chunks = <T>(values: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size))
