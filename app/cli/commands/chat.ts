/** `halograd chat`: talk with a model in the terminal, and keep what you say of its answers. */
import { Command } from 'commander'
import { type BackendOptions, backendOptions, type SamplingChoices, samplingOptions } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface ChatCommandOptions extends BackendOptions, SamplingChoices {
  readonly model: string
  readonly adapters?: string
  readonly out?: string
  readonly system?: string
  readonly verbose?: true
}

export const command = (terminal: Terminal): Command =>
  backendOptions(
    samplingOptions(
      new Command('chat')
        .summary('talk with a model, and keep your thumbs')
        .description(
          "Talks in the terminal, by the model's chat template, or by `role: content` lines where it has none. What you say of answers (/thumbs up, /correct TEXT, …) is kept in a file that `halograd align --data` takes as it is. Answers go to standard output; standard input may be a pipe, a question a line.",
        )
        .requiredOption('--model <dir>', 'a Hugging Face directory (config.json, model.safetensors, tokenizer.json), or hf:owner/name')
        .option('--adapters <dir>', 'LoRA adapters of this model')
        .option('--out <file>', 'where to keep what you say of answers: appended to, never rewritten')
        .option('--system <text>', 'a system prompt'),
    ),
  )
    .optionsGroup('Options:')
    .option('--verbose', 'show where in the program an error came from')
    .addHelpText(
      'after',
      `
In the conversation: /thumbs up|down, /correct TEXT, /retry, /prefer new|old, /undo, /save FILE, /help, /quit.

Examples:
  halograd chat --model ./SmolLM2-135M-Instruct --out thumbs.jsonl --system "Answer in one sentence."
  halograd align --model ./SmolLM2-135M-Instruct --data thumbs.jsonl --halo kto --out aligned`,
    )
    .action(async (options: ChatCommandOptions) => (await import('../chatting.ts')).chat(terminal, options))
