/** `halograd generate`: continue a text. Standard output gets the text, prompt included, and nothing else. */
import { Command } from 'commander'
import { type BackendOptions, backendOptions, type CommonOptions, common, integer, notNegative, probability } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface GenerateOptions extends CommonOptions, BackendOptions {
  readonly model: string
  readonly adapters?: string
  readonly prompt: string
  readonly control?: string
  readonly maxTokens: number
  readonly temperature: number
  readonly topK?: number
  readonly topP?: number
  readonly seed: number
}

export const command = (terminal: Terminal): Command =>
  common(
    backendOptions(
      new Command('generate')
        .summary('continue a text')
        .description('Continues a text. Prints the text, prompt included, and nothing else, on standard output.')
        .requiredOption('--model <dir>', 'a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name')
        .option('--adapters <dir>', 'LoRA adapters of this model (a directory of adapters is a --model, too: it names its own)')
        .option('--prompt <text>', 'how the text begins', '')
        .option('--control <text>', 'what ends the prompt, unseen (default: what csft taught the model for liked completions)')
        .option('--max-tokens <n>', "tokens to add at most; the model's context ends a text, too", integer(0), 256)
        .option('--temperature <t>', '0: always the likeliest token; 1: as the model believes', notNegative, 1)
        .option('--top-k <n>', 'draw from the n likeliest tokens only', integer(1))
        .option('--top-p <p>', 'draw from the fewest tokens that together have this probability', probability)
        .option('--seed <n>', 'the same seed draws the same text', integer(0), 0),
    ),
  )
    .addHelpText('after', '\nExample:\n  halograd generate --model ./stories260K-hf --prompt "Once upon a time" --temperature 0')
    .action(async (options: GenerateOptions) => (await import('../generation.ts')).generate(terminal, options))
