/** `halograd generate`: continue a text. Standard output gets the text, prompt included, and nothing else. */
import { Command } from 'commander'
import {
  type BackendOptions,
  backendOptions,
  type CommonOptions,
  common,
  integer,
  type SamplingChoices,
  samplingOptions,
} from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface GenerateCommandOptions extends CommonOptions, BackendOptions, SamplingChoices {
  readonly model: string
  readonly adapters?: string
  readonly prompt?: string
  readonly messages?: string
  readonly control?: string
  readonly samples: number
}

export const command = (terminal: Terminal): Command =>
  common(
    backendOptions(
      samplingOptions(
        new Command('generate')
          .summary('continue a text, or answer a conversation')
          .description(
            "Continues a text, and prints it, prompt included; or answers a conversation, by the model's chat template, and prints the answer. Nothing else is printed on standard output.",
          )
          .requiredOption('--model <dir>', 'a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name')
          .option('--adapters <dir>', 'LoRA adapters of this model (a directory of adapters is a --model, too: it names its own)')
          .option('--prompt <text>', 'how the text begins (default: as any text)')
          .option(
            '--messages <file>',
            'a conversation to answer: a JSON list of {role, content}, or an object with such a list as `messages`',
          )
          .option('--control <text>', 'what ends the prompt, unseen (default: what csft taught the model for liked completions)')
          .option('--samples <n>', 'texts to draw, together', integer(1, 1024), 1),
      ),
    ),
  )
    .addHelpText(
      'after',
      `
Several samples are printed one after another, with an empty line between them.

Examples:
  halograd generate --model ./stories260K-hf --prompt "Once upon a time" --temperature 0
  halograd generate --model ./SmolLM2-135M-Instruct --messages chat.json --samples 4 --min-p 0.05 --json`,
    )
    .action(async (options: GenerateCommandOptions) => (await import('../generation.ts')).generate(terminal, options))
