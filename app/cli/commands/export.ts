/** `halograd export`: a model for other programs, as a Hugging Face directory or as the GGUF file that llama.cpp reads; or a loss for PyTorch. */
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { type Target, targets } from '../../handover/targets.ts'
import { type BackendOptions, backendOptions, type CommonOptions, common, setting } from '../../inputs/options.ts'
import { UsageError } from '../../terminal/errors.ts'
import type { Terminal } from '../../terminal/terminal.ts'

const dtypes = ['f32', 'f16', 'bf16', 'q8_0'] as const

export interface ExportOptions extends CommonOptions, BackendOptions {
  readonly model: string
  readonly adapters?: string
  readonly format: 'hf' | 'gguf'
  readonly dtype?: (typeof dtypes)[number]
  readonly out: string
}

export const command = (terminal: Terminal): Command =>
  new Command('export')
    .summary('write a model, a loss or a whole run for other programs')
    .description(
      'Writes a model for PyTorch or llama.cpp; or a loss for PyTorch and what is built on it, with the numbers that verify it. Without a subcommand it is a model: halograd export --model aligned --out merged.',
    )
    .addCommand(model(terminal), { isDefault: true })
    .addCommand(loss(terminal))
    .addCommand(run(terminal))

interface ExportLossOptions extends CommonOptions {
  readonly set?: Readonly<Record<string, number>>
  readonly to: Target
  readonly out: string
}
const loss = (terminal: Terminal): Command =>
  common(
    new Command('loss')
      .summary('write a loss for PyTorch, with the numbers that verify it')
      .description(
        'Writes a loss, of the catalogue or your own, as a Python module that needs torch alone; beside it parity.json, what halograd computes on fixed inputs, and check_parity.py, which asserts that your machine computes the same.',
      )
      .argument('<loss>', 'a name of the catalogue (kto, dpo, …), a file that exports one, or a sum of them: dpo+0.1*sft')
      .option('--set <name=value>', 'a setting of the loss, e.g. beta=0.1; may be repeated', setting)
      .addOption(new Option('--to <target>', 'what it is for').choices(targets).default('torch'))
      .requiredOption('--out <dir>', 'the directory to write'),
  )
    .addHelpText(
      'after',
      `
Example:
  halograd export loss kto --set beta=0.1 --to torch --out kto-torch
  python kto-torch/check_parity.py`,
    )
    .action(async (name: string, { set = {}, to, out, json }: ExportLossOptions) => {
      const { exportLoss } = await import('../../handover/loss.ts')
      const files = await exportLoss({ name, settings: set, to, out })
      if (json) terminal.print(`${JSON.stringify({ loss: name, to, out, files })}\n`)
      terminal.say(`Saved to ${out}: ${files.join(', ')}`)
    })

interface RunOptions extends CommonOptions {
  readonly config?: string
  readonly to: 'torch'
  readonly out: string
}
const run = (terminal: Terminal): Command =>
  common(
    new Command('run')
      .summary('write a whole run for PyTorch: model, data, loss, train.py')
      .description(
        'Writes an alignment run for torchrun, on any number of cards: the model, the data as columns of TRL and as tokens, the examples of every step, the verified loss, and train.py (DDP, or FSDP by a flag). The losses are those that halograd would find.',
      )
      .argument('[dir]', '--out of a run of `halograd align`: its run.json says what it was asked for')
      .option('--config <run.yaml>', 'or the options of a run that has not begun, as `halograd align --config` takes them')
      .addOption(new Option('--to <target>', 'what it is for').choices(['torch']).default('torch'))
      .requiredOption('--out <dir>', 'the directory to write'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  halograd export run --config run.yaml --out handover\n  torchrun --nproc_per_node 8 handover/train.py',
    )
    .action(async (dir: string | undefined, { config, to, out, json }: RunOptions) => {
      if ((dir === undefined) === (config === undefined))
        throw new UsageError('export run: give the directory of a run, or --config, but not both')
      const { alignOptions } = await import('./align.ts')
      const { halo, settings, loss, ...options } = await alignOptions(terminal, config ?? join(dir!, 'run.json'))
      if (resolve(out) === resolve(options.model)) throw new UsageError('--out is --model: choose another path')
      const { exportRun } = await import('../../handover/run.ts')
      const steps = await exportRun(terminal, { loss, settings, options, out })
      if (json) terminal.print(`${JSON.stringify({ loss: halo, to, out, steps })}\n`)
      terminal.say(`Saved to ${out}: torchrun --nproc_per_node 2 ${join(out, 'train.py')}`)
    })

const model = (terminal: Terminal): Command =>
  common(
    backendOptions(
      new Command('model')
        .summary('write a model for PyTorch or llama.cpp, adapters merged (what `export` alone does)')
        .description(
          'Writes a model as a Hugging Face directory, which PyTorch and everything around it reads, or as a GGUF file for llama.cpp, with its tokenizer. LoRA adapters are merged into the weights. What the other program would compute differently is refused.',
        )
        .requiredOption('--model <dir>', 'a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name')
        .option('--adapters <dir>', "LoRA adapters to merge, in PEFT's format (adapter_config.json, adapter_model.safetensors)")
        .addOption(new Option('--format <format>', 'hf: a directory; gguf: a file').choices(['hf', 'gguf']).default('hf'))
        .addOption(
          new Option(
            '--dtype <type>',
            'how numbers are written: 32 or 16 bits, or 8 with a scale for every 32 of them (q8_0: gguf only; default: f32 for hf, f16 for gguf)',
          ).choices(dtypes),
        )
        .requiredOption('--out <path>', 'the directory or file to write'),
    ),
  )
    .addHelpText(
      'after',
      `
Examples:
  halograd export --model aligned --format gguf --out aligned.gguf
  llama-cli -m aligned.gguf -p "Once upon a time"

  halograd export --model ./stories260K-hf --adapters adapters --dtype bf16 --out merged`,
    )
    .action(async (options: ExportOptions) => (await import('../exporting.ts')).exportModel(terminal, options))
