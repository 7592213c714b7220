/**
 * A whole run for PyTorch: the model, the data as TRL's columns and as tokens, who is in which step, hyper-parameters under transformers' names, and
 * `train.py`, which torchrun starts on as many processes as there are. The steps are those that halograd would take.
 *
 *     OUT/{model/, data.jsonl, order.jsonl, run.json, halo_loss.py, parity.json, check_parity.py, train.py, …, README.md}
 */
import { join } from 'node:path'
import { reference } from '../../backends/index.ts'
import type { AnyLoss, Settings } from '../../halos/index.ts'
import { type Example, type Tokenizer, type TrainingExample, usualTargets, writeDirectoryAtomically } from '../../models/index.ts'
import { batchOrder } from '../../models/internal.ts'
import { loadCheckpoint, modelDirectory } from '../inputs/checkpoint.ts'
import { exclusively } from '../inputs/lock.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import { readData } from '../run/data.ts'
import { optimizationOf } from '../run/optimization.ts'
import { planOf } from '../run/plan.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { filled, lossFiles, template } from './loss.ts'

/** A run that was set up for halograd, and where it is to be written. */
export interface ExportedRun {
  readonly loss: AnyLoss
  readonly settings: Settings
  readonly options: TrainingCommandOptions
  readonly out: string
}

const copied = ['train.py', 'plain_model.py', 'lora.py', 'train.slurm', 'requirements.txt'] as const

/** Writes it. Returns the number of steps. @throws UsageError for what train.py does not do; and whatever is wrong with options, data and model */
export const exportRun = async (terminal: Terminal, { loss, settings, options, out }: ExportedRun): Promise<number> => {
  refuse(loss, options)
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const { model, tokenizer, parameters } = checkpoint
  const data = await readData(terminal, loss.needs, checkpoint, options)
  const { steps } = planOf(options, data)
  const { training } = data
  const order = batchOrder(training, { batch: options.batch, seed: options.seed, shuffled: !options.inOrder })
  const { rate, type, warmup } = optimizationOf(options, parameters, steps, 1e-4)
  const { weightDecay, adamBeta1, adamBeta2, adamEpsilon, maxGradNorm, accumulate, lora, loraAlpha, loraTargets, seed } = options
  const run = {
    ...{ learning_rate: rate, lr_scheduler_type: type, warmup_steps: warmup, max_steps: steps },
    ...{ batch: options.batch, accumulate, seed, max_grad_norm: maxGradNorm ?? 1, weight_decay: weightDecay ?? 0 },
    ...{ adam_beta1: adamBeta1 ?? 0.9, adam_beta2: adamBeta2 ?? 0.999, adam_epsilon: adamEpsilon ?? 1e-8 },
    lora:
      lora === undefined
        ? null
        : { r: lora, lora_alpha: loraAlpha ?? 2 * lora, target_modules: loraTargets ?? usualTargets(model.config), seed },
  }
  const stepLines = Array.from({ length: steps }, (_, step) =>
    json({ examples: order.members(step), ...(loss.needs.unrelated && { unrelated: order.others(step) }) }),
  )
  const copies = await Promise.all(copied.map(async (name) => [name, await template(name)] as const))
  const readme = filled(await template('run.md'), { loss: `${loss.name}: ${steps} steps of ${options.batch} examples.` })
  const files = {
    ...Object.fromEntries(await lossFiles(loss, settings)),
    ...Object.fromEntries(copies),
    ...{ 'README.md': readme, 'run.json': `${JSON.stringify(run, null, 2)}\n` },
    ...{ 'data.jsonl': training.map((example) => json(rowOf(example, tokenizer))).join(''), 'order.jsonl': stepLines.join('') },
  }
  const weights = await modelDirectory(reference(), { ...checkpoint, config: model.config })
  await exclusively(out, async () => {
    await writeDirectoryAtomically(join(out, 'model'), weights)
    await writeDirectoryAtomically(out, files)
  })
  return steps
}

/** What train.py would compute differently. */
const refuse = ({ name, needs }: AnyLoss, { dropout, reference, syncReference, optimizer }: TrainingCommandOptions): void => {
  const missing = needs.value
    ? 'a value head'
    : needs.reward
      ? 'a reward model'
      : needs.control
        ? 'control tokens in the prompts'
        : undefined
  if (missing !== undefined)
    throw new UsageError(`export run: ${name} needs ${missing}, which train.py has not; \`halograd export loss\` writes the loss alone`)
  if (reference !== undefined || syncReference !== undefined)
    throw new UsageError('export run: --reference and --sync-reference: the reference model of train.py is the start, and stays')
  if (optimizer !== 'adamw') throw new UsageError(`export run: --optimizer ${optimizer}: train.py has AdamW alone`)
  if (dropout > 0) throw new UsageError('export run: --dropout: train.py has none; leave it out')
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`

/** TRL's columns, and the tokens that the run takes. */
const rowOf = (example: TrainingExample, { decode }: Tokenizer): object => {
  const ids = (text: Example, name: string) => ({ [name]: decode(text.completion), [`${name}_ids`]: text.completion })
  const of = (text: Example) => ({ prompt: decode(text.prompt), prompt_ids: text.prompt })
  const weight = example.weight === undefined ? {} : { weight: example.weight }
  if ('chosen' in example)
    return { ...of(example.chosen), ...ids(example.chosen, 'chosen'), ...ids(example.rejected, 'rejected'), ...weight }
  const label = example.label === undefined ? {} : { label: example.label }
  return { ...of(example.outcome), ...ids(example.outcome, 'completion'), ...label, ...weight }
}
