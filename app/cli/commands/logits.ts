/** `halograd logits`: what a model says of tokens, in numbers, to be compared with another implementation. */
import { Command, Option } from 'commander'
import { type BackendOptions, backendOptions, type CommonOptions, common } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface LogitsOptions extends CommonOptions, BackendOptions {
  readonly model: string
  readonly tokens: string
  readonly gradient?: 'loss'
}

export const command = (terminal: Terminal): Command =>
  common(
    backendOptions(
      new Command('logits')
        .summary('the logits of a model, to compare it with another implementation')
        .description(
          'Prints the logits of the token after each of these tokens, and the mean loss −log p of every next token, in nats. No tokenizer is needed. --backend reference computes in float64, which other implementations should agree with.',
        )
        .requiredOption('--model <dir>', 'a Hugging Face directory (config.json, model.safetensors), or hf:owner/name')
        .requiredOption('--tokens <json>', "ids of tokens: one text, '[1,2,3]', or several of one length, '[[1,2,3],[4,5,6]]'")
        .addOption(
          new Option(
            '--gradient <of>',
            'the gradient of the loss, too: of each tensor its first entries, sum, and sum of magnitudes',
          ).choices(['loss']),
        ),
    ),
  )
    .addHelpText(
      'after',
      `
With --json: {"logits": [text][position][token], "loss": nats, "gradient": {tensor: {"shape", "first12", "sum", "sum_abs"}}}, gradients under the
names and in the layout of the checkpoint.

Example:
  halograd logits --model ./SmolLM2-135M --tokens '[[1,403,407,261]]' --json --backend reference --gradient loss`,
    )
    .action(async (options: LogitsOptions) => (await import('../logits.ts')).printLogits(terminal, options))
