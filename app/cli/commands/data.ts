/** `halograd data`: what a file of training data holds, and everything that is wrong with it, before anything is trained on it; and its conversion. */
import { Command, Option } from 'commander'
import { type CommonOptions, common, type ReadingOptions, readingOptions } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface CheckOptions extends CommonOptions, ReadingOptions {
  readonly model?: string
}

const shapes = ['pairs', 'labels', 'demonstrations'] as const
export type Shape = (typeof shapes)[number]

interface ConvertOptions extends CheckOptions {
  readonly to: Shape
  readonly skip?: true
}

const source = 'JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet), the first two perhaps gzipped (.gz); or hf:owner/name/file'

export const command = (terminal: Terminal): Command =>
  new Command('data')
    .summary('look at training data, or convert it (check, convert)')
    .addCommand(check(terminal))
    .addCommand(convert(terminal))

const check = (terminal: Terminal): Command =>
  readingOptions(
    common(
      new Command('check')
        .summary('count, measure and find mistakes')
        .description(
          'Says what a file of training data holds: rows, label balance, lengths, duplicates, contradictions, and every malformed line. The file is read as it comes, however large. Fails if any line cannot be used.',
        )
        .argument('<file>', source)
        .option('--model <dir>', "measure in this model's tokens, and compare with its context"),
    ),
  )
    .addHelpText(
      'after',
      `
Lines are read in any of these shapes; the fields decide:
  {prompt, completion, label}            a judged completion
  {prompt, chosen, rejected}             a preference; chosen and rejected may be conversations (UltraFeedback, binarized)
  {chosen, rejected}                     two conversations, or transcripts as in Anthropic's HH-RLHF
  {history, human_ref_A, human_ref_B, labels}    Stanford's SHP
  {instruction, completions: [{response, overall_score}]}    UltraFeedback: the best answer against the worst
  {prompt, completion}, {messages}, {text}       what there is to imitate

Example:
  halograd data check thumbs.jsonl --model ./stories260K-hf`,
    )
    .action(async (file: string, { json, ...options }: CheckOptions) => {
      const { check } = await import('../inspection.ts')
      await check(terminal, file, { ...options, json: json === true })
    })

const convert = (terminal: Terminal): Command =>
  readingOptions(
    common(
      new Command('convert')
        .summary('write data in the shape that another loss asks for')
        .description(
          'Reads data of any shape and writes it as JSON Lines of one: pairs (DPO), labels (KTO) or demonstrations (SFT). A pair is two labels. Labels of one prompt make pairs, each completion once: the first desirable one against the first undesirable one, and so on.',
        )
        .argument('<in>', source)
        .argument('<out>', 'JSON Lines (.jsonl)')
        .addOption(new Option('--to <shape>', 'what to write').choices(shapes).makeOptionMandatory())
        .option('--skip', 'leave out lines that cannot be used, and say which (default: refuse the file)')
        .option('--model <dir>', "write conversations as this model's chat template has them (default: as `role: content` lines)"),
    ),
  )
    .addHelpText('after', '\nExample:\n  halograd data convert hf:Anthropic/hh-rlhf/helpful-base/train.jsonl.gz thumbs.jsonl --to labels')
    .action(async (from: string, to: string, options: ConvertOptions) => {
      const { convert } = await import('../conversion.ts')
      await convert(terminal, from, to, options)
    })
