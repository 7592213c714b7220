/** `halograd data`: what a file of training data holds, and everything that is wrong with it, before anything is trained on it; and its conversion. */
import { readdirSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type CommonOptions, common, type ReadingOptions, readingOptions } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { type MappingOptions, mappingOptions } from '../mapping-options.ts'

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
    .summary('look at training data, or convert it (check, import, convert)')
    .addCommand(check(terminal))
    .addCommand(convert(terminal))
    .addCommand(importing(terminal))

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

const importing = (terminal: Terminal): Command => {
  const command = common(
    new Command('import')
      .summary('make rows of the feedback that another tool has kept')
      .description(
        `Reads exports of chat applications, of tracing and of annotation tools, and writes rows that training takes: what was asked, what was answered, and whether it was good. Files that belong together (feedback, and the messages that it is about) are given together. Known: ${presetNames().join(', ')}; anything else by the paths of its fields.`,
      )
      .argument('<files...>', 'JSON (an array of any size, or an object), JSON Lines, CSV or Parquet')
      .requiredOption('--out <file>', 'JSON Lines (.jsonl)')
      .option('--from <preset>', 'what the files are (default: recognised by their keys)')
      .addOption(
        new Option('--as <shape>', 'what to make (default: labels where there are verdicts, else pairs or demonstrations)').choices(shapes),
      )
      .option('--good <values>', "verdicts that are good, between commas: 1,GOOD,'>=4' (default: the common ways to say it)")
      .option('--bad <values>', 'verdicts that are bad')
      .option('--where <name=value>', 'only answers of this model, tag, name of score, … (or path=value)', wanted)
      .option('--balance', 'weigh the rows so that good and bad ones count as KTO advises')
      .option('--strip-reasoning', 'leave out what models thought before they answered (<think>, <details type="reasoning">)')
      .option('--skip', 'leave out malformed records, and say which (default: refuse the file)'),
  )
  command.optionsGroup('Where things are, as JSONPath:')
  for (const [name, help] of Object.entries(mappingOptions)) command.option(`--${name} <path>`, help)
  return command
    .addHelpText(
      'after',
      `
A verdict belongs to one answer; what was said after it is left out. An answer without a verdict makes no row. A correction is preferred to what it corrects;
opposite verdicts on one prompt are a pair (--as pairs). The report tells what was found, rated, used and dropped, and the weights that balance the rows.

Examples:
  halograd data import feedback-history-export.json --out rows.jsonl
  halograd data import scores.jsonl traces.jsonl --from langfuse --where name=user-feedback --out rows.jsonl
  halograd data import log.json --records 'sessions[*]' --prompt question --completion answer --verdict stars --good '>=4' --bad '<=2' --out rows.jsonl`,
    )
    .action(async (files: readonly string[], options: ImportCommandOptions) => {
      const { importFiles } = await import('../importing.ts')
      await importFiles(terminal, files, options)
    })
}

export type ImportCommandOptions = MappingOptions &
  CommonOptions & {
    readonly out: string
    readonly from?: string
    readonly as?: Shape
    readonly good?: string
    readonly bad?: string
    readonly where?: Readonly<Record<string, string>>
    readonly balance?: true
    readonly skip?: true
    readonly stripReasoning?: true
  }

/** As models finds them: by being there. */
const presetNames = (): readonly string[] =>
  readdirSync(new URL('../../../models/data/import/presets/', import.meta.url))
    .map((file) => file.replace(/\.ts$/, ''))
    .sort()

/** `name=value` pairs, collected over the occurrences of an option. */
const wanted = (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected name=value, e.g. model=llama3.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
