/** The options that several commands share, with their limits, units and defaults. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Truncation } from '../../models/index.ts'
import type { ReadOptions } from '../../models/internal.ts'
import { backendNames } from './backends.ts'

export const truncations: readonly Truncation[] = ['prompt-start', 'completion-end', 'drop', 'refuse']

/** What every command understands. */
export interface CommonOptions {
  readonly json?: true
  readonly verbose?: true
}
export const common = (command: Command): Command =>
  command
    .optionsGroup('Options:')
    .option('--json', 'print one JSON document on standard output')
    .option('--verbose', 'show where in the program an error came from')

/** How texts are drawn from a model. */
export interface SamplingChoices {
  readonly maxTokens: number
  readonly temperature: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly stop?: readonly string[]
  readonly seed: number
}
export const samplingOptions = (command: Command): Command =>
  command
    .option('--max-tokens <n>', "tokens to add at most; the model's context ends a text, too", integer(0), 256)
    .option('--temperature <t>', '0: always the likeliest token; 1: as the model believes', notNegative, 1)
    .option('--top-k <n>', 'draw from the n likeliest tokens only', integer(1))
    .option('--top-p <p>', 'draw from the fewest tokens that together have this probability', probability)
    .option('--min-p <p>', 'draw from tokens at least p times as likely as the likeliest', probability)
    .option('--repetition-penalty <x>', 'above 1: tokens that the text has already become less likely', positive)
    .option('--stop <text>', 'end before this text (several: give it again)', (text: string, before: readonly string[] = []) => [
      ...before,
      text,
    ])
    .option('--seed <n>', 'the same seed draws the same text', integer(0), 0)
/** The same for a generator. */
export const sampling = ({ maxTokens, temperature, topK, topP, minP, repetitionPenalty, stop, seed }: SamplingChoices) => ({
  ...{ maxTokens, temperature, seed },
  ...(topK !== undefined && { topK }),
  ...(topP !== undefined && { topP }),
  ...(minP !== undefined && { minP }),
  ...(repetitionPenalty !== undefined && { repetitionPenalty }),
  ...(stop !== undefined && { stop }),
})

/** How data are read: what `ReadOptions` of models says. */
export interface ReadingOptions {
  readonly encoding?: string
  readonly maxLine?: number
  readonly maxUnpacked?: number
  readonly parquetTime?: number
  readonly parquetMemory?: number
}
export const readingOptions = (command: Command): Command => {
  const atMost = (flags: string, description: string): Option => new Option(flags, description).argParser(integer(1))
  return command
    .option('--encoding <name>', 'encoding of the data, e.g. windows-1252, utf-16le (default: UTF-8, and nothing else is read)')
    .addOption(atMost('--max-line <n>', 'characters that a line, or a record, of the data may have (default: 33554432)'))
    .addOption(atMost('--max-unpacked <n>', 'bytes that may come of each byte of a gzip file (default: 200, or as many as make 256 MiB)'))
    .addOption(atMost('--parquet-time <s>', 'seconds that a row group of a Parquet file may take (default: 8, and more for large ones)'))
    .addOption(atMost('--parquet-memory <mib>', 'memory that reading a Parquet file may take (default: 2048)'))
}
export const reading = ({ encoding, maxLine, maxUnpacked, parquetTime, parquetMemory }: ReadingOptions): ReadOptions => ({
  ...(encoding !== undefined && { encoding }),
  ...(maxLine !== undefined && { longestLine: maxLine }),
  ...(maxUnpacked !== undefined && { unpackedRatio: maxUnpacked }),
  parquet: {
    ...(parquetTime !== undefined && { time: 1000 * parquetTime }),
    ...(parquetMemory !== undefined && { memory: parquetMemory }),
  },
})

export interface BackendOptions {
  readonly backend: string
  readonly mode?: string
  readonly threads?: number
  readonly blas?: 'off' | 'auto'
  readonly exact?: true
}
/** `exactly`: without options of speed, the command is as with `--exact` (see `exactUnless`). */
export const backendOptions = (command: Command, exactly = false): Command =>
  command
    .optionsGroup('Where to run:')
    .option('--backend <name>', `where to run: auto, ${backendNames.join(', ')}, or a file that exports one`, 'auto')
    .option('--exact', 'the same bits on every machine, at the price of speed: the plain loop of every product, and no BLAS')
    .option(
      '--mode <mode>',
      'how the backend runs: exact or fast for wasm; tuned or untuned for webgpu; webgpu, webasm or cpu for gpujs (see `halograd env`)',
    )
    .option('--threads <n>', 'threads of the wasm backend (default: one a core)', integer(1, 64))
    .addOption(
      new Option(
        '--blas <when>',
        `matrix products by a native BLAS where one is found: OpenBLAS, MKL, BLIS, Accelerate, or that of numpy or scipy (default: ${exactly ? 'off' : 'auto, but off with --exact'})`,
      ).choices(['off', 'auto']),
    )

/** An integer from `least` to `most`. */
export const integer =
  (least: number, most = 2 ** 31 - 1) =>
  (text: string): number => {
    const n = Number(text)
    if (text.trim() !== '' && Number.isInteger(n) && n >= least && n <= most) return n
    throw new InvalidArgumentError(`Expected an integer from ${least} to ${most}.`)
  }

const within = (expected: string, holds: (n: number) => boolean) => (text: string) => {
  const n = Number(text)
  if (text.trim() === '' || !Number.isFinite(n) || !holds(n)) throw new InvalidArgumentError(`Expected ${expected}.`)
  return n
}
export const positive = within('a number > 0', (n) => n > 0)
export const notNegative = within('a number ≥ 0', (n) => n >= 0)
export const fraction = within('a number from 0 to less than 1', (n) => n >= 0 && n < 1)
export const probability = within('a number in (0, 1]', (n) => n > 0 && n <= 1)

/** Names between commas, collected over the occurrences of an option. */
export const names = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(',').map((name) => name.trim()),
]

/** `name=value` pairs, collected over the occurrences of an option. */
export const setting = (text: string, before: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> => {
  const [name, value, ...rest] = text.split('=')
  const n = Number(value)
  if (!name || value === undefined || value.trim() === '' || rest.length > 0 || !Number.isFinite(n))
    throw new InvalidArgumentError('Expected name=number, e.g. desirable=1.33.')
  return { ...before, [name]: n }
}
