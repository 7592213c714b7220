/** `halograd data check`: what a file of training data holds, and everything that is wrong with it, before anything is trained on it. */
import { Command } from 'commander'
import { type CommonOptions, common } from '../options.ts'
import type { Terminal } from '../terminal.ts'

interface CheckOptions extends CommonOptions {
  readonly model?: string
}

export const command = (terminal: Terminal): Command =>
  new Command('data').summary('look at training data (check)').addCommand(
    common(
      new Command('check')
        .summary('count, measure and find mistakes')
        .description(
          'Says what a file of training data holds: rows, label balance, lengths, duplicates, contradictions, and every malformed line. Fails if any line cannot be used.',
        )
        .argument('<file>', 'JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet); or hf:owner/name/file')
        .option('--model <dir>', "measure in this model's tokens, and compare with its context"),
    )
      .addHelpText('after', '\nExample:\n  halograd data check thumbs.jsonl --model ./stories260K-hf')
      .action(async (file: string, { model, json }: CheckOptions) => {
        const { check } = await import('../inspection.ts')
        await check(terminal, file, { ...(model === undefined ? {} : { model }), json: json === true })
      }),
  )
