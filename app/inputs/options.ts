/** The options that several commands share, with their limits, units and defaults. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Truncation } from '../../models/index.ts'
import type { ReadOptions } from '../../models/internal.ts'
import { UsageError } from '../terminal/errors.ts'
import { backendNames } from './backends.ts'
import { configurable } from './settings.ts'

export const truncations: readonly Truncation[] = ['prompt-start', 'completion-end', 'drop', 'refuse']

/** Courses of the learning rate, as TRL calls them. */
export const schedulerTypes = ['linear', 'cosine', 'constant', 'constant_with_warmup'] as const
export type SchedulerType = (typeof schedulerTypes)[number]

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
/** What a generator is told of them. */
export const sampling = ({ maxTokens, temperature, topK, topP, minP, repetitionPenalty, stop, seed }: SamplingChoices) => ({
  ...{ maxTokens, temperature, seed },
  ...(topK !== undefined && { topK }),
  ...(topP !== undefined && { topP }),
  ...(minP !== undefined && { minP }),
  ...(repetitionPenalty !== undefined && { repetitionPenalty }),
  ...(stop !== undefined && { stop }),
})

/** How text is read: what `ReadOptions` of models says. */
export interface ReadingOptions {
  readonly encoding?: string
  readonly maxLine?: number
}
const encoding = new Option(
  '--encoding <name>',
  'encoding of the data, e.g. windows-1252, utf-16le (default: UTF-8, and nothing else is read)',
)
const maxLine = (): Option =>
  new Option('--max-line <n>', 'characters that a line, or a record, of the data may have (default: 33554432)').argParser(integer(1))
export const readingOptions = (command: Command): Command => command.addOption(encoding).addOption(maxLine())
export const reading = ({ encoding, maxLine }: ReadingOptions): ReadOptions => ({
  ...(encoding === undefined ? {} : { encoding }),
  ...(maxLine === undefined ? {} : { longestLine: maxLine }),
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
    .option('--mode <mode>', 'how the backend runs: exact or fast for wasm; webgpu, webasm or cpu for gpujs (see `halograd env`)')
    .option('--threads <n>', 'threads of the wasm backend (default: one a core)', integer(1, 64))
    .addOption(
      new Option(
        '--blas <when>',
        `matrix products by a native BLAS where one is found: OpenBLAS, MKL, BLIS, Accelerate, or that of numpy or scipy (default: ${exactly ? 'off' : 'auto, but off with --exact'})`,
      ).choices(['off', 'auto']),
    )

export interface TrainingCommandOptions extends CommonOptions, BackendOptions, ReadingOptions {
  readonly model: string
  readonly data: string
  readonly out: string
  readonly steps?: number
  readonly epochs: number
  readonly batch: number
  readonly accumulate: number
  readonly lr?: number
  readonly lrSchedulerType?: SchedulerType
  readonly warmupRatio?: number
  readonly warmupSteps?: number
  readonly weightDecay?: number
  readonly adamBeta1?: number
  readonly adamBeta2?: number
  readonly adamEpsilon?: number
  readonly maxGradNorm?: number
  readonly seed: number
  readonly inOrder?: true
  readonly dropout: number
  readonly gradientCheckpointing?: true
  readonly eval: string
  readonly maxLength?: number
  readonly truncate: Truncation
  readonly resume?: true
  readonly insist?: true
  readonly saveEvery?: number
  readonly keep: number
  readonly evalEvery?: number
  readonly patience?: number
  readonly best?: true
  readonly lora?: number
  readonly frozen?: 'bf16' | 'int8'
  readonly loraAlpha?: number
  readonly loraTargets?: readonly string[] | string
  readonly control?: readonly string[]
}
export const trainingOptions = (command: Command, defaults: { readonly batch: number; readonly out?: false }): Command =>
  backendOptions(
    configurable(command)
      .addHelpText('after', whatItLeaves)
      .optionsGroup('Model and data:')
      .requiredOption(
        '--model <dir>',
        'the model to start from: a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name (a gated one with HF_TOKEN)',
      )
      .requiredOption('--data <file>', 'training data: JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet); or hf:owner/name/file')
      .addOption(encoding)
      .addOption(maxLine())
      .addOption(
        new Option('--out <dir>', 'where to save the trained model: of one process at a time').makeOptionMandatory(defaults.out !== false),
      )
      .option('--max-length <n>', "tokens a prompt and completion may have together (default: the model's context)", integer(2))
      .addOption(
        new Option('--truncate <what>', 'of longer examples, what is cut first; or drop them, or refuse to run')
          .choices(truncations)
          .default('prompt-start'),
      )
      .optionsGroup('Steps:')
      .option('--steps <n>', 'optimizer steps (default: as many as the epochs have)', integer(1))
      .option('--epochs <n>', 'passes over the data', positive, 1)
      .option('--batch <n>', 'examples a step', integer(1), defaults.batch)
      .option('--accumulate <n>', 'parts in which a batch is run, to save memory; the step is the same', integer(1), 1)
      .option(
        '--lr <rate>',
        'peak learning rate (default: by what is trained: 2e-4 for adapters, less the larger a model is; it is told)',
        positive,
      )
      .addOption(
        new Option('--lr-scheduler-type <type>', 'how the learning rate goes on after the warm-up (default: linear, to 0)').choices(
          schedulerTypes,
        ),
      )
      .option('--warmup-ratio <fraction>', 'so much of the steps is warm-up (default: 0.1)', fraction)
      .option('--warmup-steps <n>', '…or so many of them', integer(0))
      .option('--weight-decay <λ>', 'decoupled weight decay of matrices, times the learning rate (default: 0)', notNegative)
      .option('--adam-beta1 <β₁>', "AdamW's mean of gradients (default: 0.9)", fraction)
      .option('--adam-beta2 <β₂>', "AdamW's mean of their squares (default: 0.999)", fraction)
      .option('--adam-epsilon <ε>', 'AdamW: added to the root of the squares (default: 1e-8)', positive)
      .option('--max-grad-norm <norm>', 'gradients are scaled down to this norm, all together; 0: never (default: 1)', notNegative)
      .option(
        '--gradient-checkpointing',
        'compute the layers again in the backward pass, rather than keep them: less memory, the same steps',
      )
      .option('--dropout <p>', 'so much of what the model computes is dropped at random in training', fraction, 0)
      .option('--seed <n>', 'of everything random: the same seed gives the same run, another seed another one', integer(0), 0)
      .option('--in-order', 'take examples as they follow one another in the data (a curriculum), not shuffled')
      .optionsGroup('Held-out data:')
      .option('--eval <file|fraction>', 'held-out data: a file, or a fraction of --data', '0.1')
      .option(
        '--eval-every <n>',
        'measure on held-out data every n steps (default: before and after; with --best or --patience 10 times)',
        integer(1),
      )
      .option('--patience <n>', 'stop when the held-out loss has not been lower for n measurements', integer(1))
      .option('--best', 'save the model of the lowest held-out loss, rather than the last')
      .optionsGroup('Checkpoints:')
      .option('--save-every <n>', 'keep a checkpoint every n steps; 0: none (default: 10 in a run)', integer(0))
      .option('--keep <n>', 'checkpoints that stay in OUT/checkpoints, beside the best', integer(1), 2)
      .option('--resume', 'go on from the last checkpoint in OUT, as if never stopped: to the last bit, where numbers are float32')
      .option('--insist', 'with --resume: go on even where this halograd, this machine or this day gives other numbers')
      .optionsGroup('Adapters:')
      .option('--lora <rank>', 'train adapters of this rank beside the model, which stays as it is', integer(1))
      .addOption(
        new Option(
          '--frozen <format>',
          'keep the weights beside adapters in half (bf16: nothing is lost of a bf16 model) or a quarter (int8: a scale a row) of the memory',
        ).choices(['bf16', 'int8']),
      )
      .option('--lora-alpha <α>', 'adapters are scaled by α / rank (default: twice the rank)', positive)
      .option(
        '--lora-targets <names>',
        'modules to adapt: their names or ends of these, all-linear, or a regular expression of whole names (default: what PEFT adapts, in most families q_proj,v_proj)',
        modules,
      ),
  )

/** Files of `--out`. */
const whatItLeaves = `
In OUT, while it runs:  run.json (every option in effect: a --config), metrics.jsonl, events/ (for TensorBoard), checkpoints/
and when it is done:    the model, metrics.csv, training.json (how it went). \`halograd plot run OUT\` draws it.`

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

/** Names between commas; or as they are `all-linear` and whatever only a regular expression has. */
const modules = (text: string): readonly string[] | string => (text === 'all-linear' || /[\\^$*+?()[\]{}|]/.test(text) ? text : names(text))

/** `name=value` pairs, collected over the occurrences of an option. */
export const setting = (text: string, before: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> => {
  const [name, value, ...rest] = text.split('=')
  const n = Number(value)
  if (!name || value === undefined || value.trim() === '' || rest.length > 0 || !Number.isFinite(n))
    throw new InvalidArgumentError('Expected name=number, e.g. desirable=1.33.')
  return { ...before, [name]: n }
}

/** `--eval`: a fraction of the data to hold out, or the file that holds it. */
export const heldOut = (value: string): { readonly fraction: number } | { readonly file: string } => {
  const n = Number(value)
  if (value.trim() === '' || Number.isNaN(n)) return { file: value }
  if (n >= 0 && n < 1) return { fraction: n }
  throw new UsageError(`--eval: expected a file, or a fraction of the data from 0 to less than 1, found ${value}`)
}
