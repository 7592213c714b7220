/**
 * The options of the commands that train, in the groups in which --help shows them. TRL's names are used where TRL has the option.
 *
 *     model and data → steps → held-out data → checkpoints → adapters → where to run
 */
import { type Command, Option } from 'commander'
import type { Truncation } from '../../models/index.ts'
import { UsageError } from '../terminal/errors.ts'
import {
  type BackendOptions,
  backendOptions,
  type CommonOptions,
  fraction,
  integer,
  names,
  notNegative,
  positive,
  probability,
  type ReadingOptions,
  readingOptions,
  truncations,
} from './options.ts'
import { configurable } from './settings.ts'

/** Courses of the learning rate, as TRL calls them. */
export const schedulerTypes = ['linear', 'cosine', 'constant', 'constant_with_warmup'] as const
export type SchedulerType = (typeof schedulerTypes)[number]

/** What the commands that train understand. */
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
  readonly optimizer: string
  readonly weightDecay?: number
  readonly adamBeta1?: number
  readonly adamBeta2?: number
  readonly adamEpsilon?: number
  readonly maxGradNorm?: number
  readonly seed: number
  readonly inOrder?: true
  readonly curriculum?: 'heaviest-first' | 'lightest-first'
  readonly dropout: number
  readonly gradientCheckpointing?: true
  readonly eval: string
  readonly maxLength?: number
  readonly truncate: Truncation
  readonly reference?: string
  readonly syncReference?: number
  readonly mix?: number
  readonly maxKl?: number
  readonly sampleEvery?: number
  readonly samples?: number
  readonly sampleTokens: number
  readonly judge?: string
  readonly judgeTimeout: number
  readonly callback?: string
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

export const trainingOptions = (
  command: Command,
  { batch, out = true, model = true }: { readonly batch: number; readonly out?: boolean; readonly model?: boolean },
): Command => {
  configurable(command).addHelpText('after', outputFiles)
  dataOptions(command, out, model)
  lengthOptions(command)
  stepOptions(command, batch)
  optimizerOptions(command)
  referenceOptions(command)
  heldOutOptions(command)
  checkpointOptions(command)
  adapterOptions(command)
  return backendOptions(command)
}

export const dataOptions = (command: Command, out: boolean, model = true): Command =>
  readingOptions(
    command
      .optionsGroup('Model and data:')
      .addOption(
        new Option(
          '--model <dir>',
          'the model to start from: a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name (a gated one with HF_TOKEN)',
        ).makeOptionMandatory(model),
      )
      .requiredOption('--data <file>', 'training data: JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet); or hf:owner/name/file'),
  ).addOption(new Option('--out <dir>', 'where to save the trained model; one process at a time').makeOptionMandatory(out))

const lengthOptions = (command: Command): Command =>
  command
    .option('--max-length <n>', "the most tokens of a prompt and completion together (default: the model's context)", integer(2))
    .addOption(
      new Option('--truncate <what>', 'what is cut of longer examples; or drop them, or refuse to run')
        .choices(truncations)
        .default('prompt-start'),
    )

export const stepOptions = (command: Command, batch: number): Command =>
  command
    .optionsGroup('Steps:')
    .option('--steps <n>', 'optimizer steps (default: as many as the epochs have)', integer(1))
    .option('--epochs <n>', 'passes over the data', positive, 1)
    .option('--batch <n>', 'examples a step', integer(1), batch)
    .option('--accumulate <n>', 'parts in which a batch is run, to save memory; the step is the same', integer(1), 1)
    .option(
      '--gradient-checkpointing',
      'compute the layers again in the backward pass instead of keeping them: less memory, the same steps',
    )
    .option('--dropout <p>', 'the fraction of activations that training drops at random', fraction, 0)
    .option('--seed <n>', 'of everything random: the same seed gives the same run', integer(0), 0)
    .option('--in-order', 'take the examples in the order of the data (a curriculum) instead of shuffling them')
    .addOption(
      new Option('--curriculum <order>', 'take the examples in the order of their "weight" instead of shuffling them').choices([
        'heaviest-first',
        'lightest-first',
      ]),
    )

export const optimizerOptions = (command: Command): Command =>
  command
    .optionsGroup('Optimizer:')
    .option(
      '--optimizer <name|file>',
      'adamw; adafactor or sgd, which need less memory; or a file that exports one: ({ rate, steps, weightDecay, maxNorm }) => { begin, update }',
      'adamw',
    )
    .option(
      '--lr <rate>',
      'peak learning rate (default: 2e-4 for adapters, less for all weights, the larger the model; the run prints it)',
      positive,
    )
    .addOption(
      new Option('--lr-scheduler-type <type>', 'the learning rate after the warm-up (default: linear, to 0)').choices(schedulerTypes),
    )
    .option('--warmup-ratio <fraction>', 'the fraction of the steps that is warm-up (default: 0.1)', fraction)
    .option('--warmup-steps <n>', '…or the number of them', integer(0))
    .option('--weight-decay <λ>', 'decoupled weight decay of matrices, times the learning rate (default: 0)', notNegative)
    .option('--adam-beta1 <β₁>', "AdamW's decay rate of the mean of gradients (default: 0.9)", fraction)
    .option('--adam-beta2 <β₂>', "AdamW's decay rate of the mean of their squares (default: 0.999)", fraction)
    .option('--adam-epsilon <ε>', 'AdamW: added to the root of the squares (default: 1e-8)', positive)
    .option('--max-grad-norm <norm>', 'scale the gradient of all parameters down to this norm; 0: never (default: 1)', notNegative)

const referenceOptions = (command: Command): Command =>
  command
    .optionsGroup('Reference model:')
    .option('--reference <dir>', 'the reference model (default: the model to start from)')
    .option('--sync-reference <n>', 'every n steps the reference model takes up the policy (TR-DPO; Humanline)', integer(1))
    .option('--mix <α>', 'with --sync-reference: reference ← (1 − α) reference + α policy (default: 1)', probability)
    .option('--max-kl <nats>', 'stop when the policy is further than this from the reference model', positive)

const heldOutOptions = (command: Command): Command =>
  command
    .optionsGroup('Held-out data:')
    .option('--eval <file|fraction>', 'held-out data: a file, or a fraction of --data', '0.1')
    .option(
      '--eval-every <n>',
      'measure on held-out data every n steps (default: before and after; with --best or --patience 10 times)',
      integer(1),
    )
    .option('--patience <n>', 'stop when the held-out loss, or win rate, has not been better for n measurements', integer(1))
    .option('--best', 'save the model of the lowest held-out loss, or the highest win rate, instead of the last one')
    .option('--judge <judge>', 'also measure how often the model wins against its start on held-out prompts: see `halograd judges`')
    .option('--judge-timeout <seconds>', 'how long a judge that is a program may be silent', positive, 300)
    .option('--sample-every <n>', 'print what the model writes every n steps, and at the end beside what it wrote before', integer(1))
    .option('--samples <n>', 'prompts of --sample-every and --judge (default: 3, with --judge 64)', integer(1))
    .option('--sample-tokens <n>', 'the most tokens of such an answer', integer(1), 48)
    .option(
      '--callback <file>',
      'a module whose default export is called after every step with (row, { out, steps }); returning "stop" ends the run',
    )

const checkpointOptions = (command: Command): Command =>
  command
    .optionsGroup('Checkpoints:')
    .option('--save-every <n>', 'keep a checkpoint every n steps; 0: none (default: 10 in a run)', integer(0))
    .option('--keep <n>', 'how many checkpoints stay in OUT/checkpoints, beside the best', integer(1), 2)
    .option('--resume', 'continue from the last checkpoint in OUT as if never stopped: the same bits, where numbers are float32')
    .option('--insist', 'with --resume: continue even where this halograd, this machine or this day gives other numbers')

export const adapterOptions = (command: Command): Command =>
  command
    .optionsGroup('Adapters:')
    .option('--lora <rank>', 'train adapters of this rank; the weights of the model do not change', integer(1))
    .addOption(
      new Option(
        '--frozen <format>',
        'keep the weights beside adapters in half (bf16: a bf16 model loses nothing) or a quarter (int8: one scale a row) of the memory',
      ).choices(['bf16', 'int8']),
    )
    .option('--lora-alpha <α>', 'adapters are scaled by α / rank (default: twice the rank)', positive)
    .option(
      '--lora-targets <names>',
      'modules to adapt: their names or the ends of these, all-linear, or a regular expression of whole names (default: what PEFT adapts, in most families q_proj,v_proj)',
      modules,
    )

/** The files of --out. */
const outputFiles = `
In OUT, during the run:  run.json (every option in effect: a --config), metrics.jsonl, events/ (for TensorBoard), checkpoints/
and at its end:          the model, metrics.csv, training.json (the result). \`halograd plot run OUT\` draws it.`

/** Names between commas; or as they are `all-linear` and whatever only a regular expression has. */
const modules = (text: string): readonly string[] | string => (text === 'all-linear' || /[\\^$*+?()[\]{}|]/.test(text) ? text : names(text))

/** `--eval`: a fraction of the data to hold out, or the file that holds it. */
export const heldOut = (value: string): { readonly fraction: number } | { readonly file: string } => {
  const n = Number(value)
  if (value.trim() === '' || Number.isNaN(n)) return { file: value }
  if (n >= 0 && n < 1) return { fraction: n }
  throw new UsageError(`--eval: expected a file, or a fraction of the data from 0 to less than 1, found ${value}`)
}
