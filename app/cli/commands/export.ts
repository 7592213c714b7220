/** `halograd export`: a model for other programs, as a Hugging Face directory or as the GGUF file that llama.cpp reads; adapters merged. */
import { Command, Option } from 'commander'
import { type BackendOptions, backendOptions, type CommonOptions, common } from '../../inputs/options.ts'
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
  common(
    backendOptions(
      new Command('export')
        .summary('write a model for PyTorch or llama.cpp, adapters merged')
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
