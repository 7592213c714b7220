/** `halograd data`: what a file of training data holds, and everything that is wrong with it, before anything is trained on it; and its conversion. */
import { readdirSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type CommonOptions, common, integer, type ReadingOptions, readingOptions, truncations } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { type MappingOptions, mappingOptions } from '../mapping-options.ts'
import type { ShowOptions } from '../showing.ts'

interface DataCheckOptions extends CommonOptions, ReadingOptions {
  readonly model?: string
}

const shapes = ['pairs', 'labels', 'demonstrations'] as const
export type DataShape = (typeof shapes)[number]

/** Presets that can be written. */
const targets = ['trl', 'openai', 'llama-factory', 'ms-swift', 'sharegpt'] as const

const shapeOrTarget = (text: string): string => {
  if ([...shapes, ...targets].some((each) => each === text)) return text
  throw new InvalidArgumentError(`Allowed choices are ${[...shapes, ...targets].join(', ')}.`)
}

interface DataConvertOptions extends DataCheckOptions {
  readonly to: string
  readonly skip?: true
}

const source = 'JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet), the first two perhaps gzipped (.gz); or hf:owner/name/file'

export const command = (terminal: Terminal): Command =>
  new Command('data')
    .summary('look at training data, or convert it (show, check, import, convert)')
    .addCommand(check(terminal))
    .addCommand(convert(terminal))
    .addCommand(importing(terminal))
    .addCommand(show(terminal))

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
  {prompt, completion}, {messages}, {text}       what there is to imitate
Each of prompt, completion, chosen and rejected is a text, a turn {role, content}, or a list of turns; beside them may be system, tools and weight.
The shapes of other trainers and data sets are read, too (ShareGPT, Alpaca, OpenAI, Vertex, UltraFeedback, SHP, …); exports of tools by data import.

Example:
  halograd data check thumbs.jsonl --model ./stories260K-hf`,
    )
    .action(async (file: string, { json, ...options }: DataCheckOptions) => {
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
        .requiredOption(
          '--to <shape>',
          `what to write: ${shapes.join(', ')}; or the shape of another program: ${targets.join(', ')}`,
          shapeOrTarget,
        )
        .option('--skip', 'leave out lines that cannot be used, and say which (default: refuse the file)')
        .option('--model <dir>', "write conversations as this model's chat template has them (default: as `role: content` lines)"),
    ),
  )
    .addHelpText('after', '\nExample:\n  halograd data convert hf:Anthropic/hh-rlhf/helpful-base/train.jsonl.gz thumbs.jsonl --to labels')
    .action(async (from: string, to: string, options: DataConvertOptions) => {
      const shape = shapes.find((each) => each === options.to)
      if (shape === undefined) return (await import('../writing.ts')).writeFor(terminal, from, to, options)
      const { convert } = await import('../conversion.ts')
      await convert(terminal, from, to, { ...options, to: shape })
    })

const importing = (terminal: Terminal): Command => {
  const command = readingOptions(
    common(
      new Command('import')
        .summary('make rows of the feedback that another tool has kept')
        .description(
          `Reads exports of chat applications, of tracing and of annotation tools, and writes rows that training takes: what was asked, what was answered, and whether it was good. Files that belong together (feedback, and the messages that it is about) are given together. Known: ${presetNames().join(', ')}; anything else by the paths of its fields.`,
        )
        .argument('<files...>', 'JSON (an array of any size, or an object), JSON Lines, CSV or Parquet')
        .requiredOption('--out <file>', 'JSON Lines (.jsonl)')
        .option('--from <preset>', 'what the files are (default: recognised by their keys)')
        .addOption(
          new Option('--as <shape>', 'what to make (default: labels where there are verdicts, else pairs or demonstrations)').choices(
            shapes,
          ),
        )
        .option('--good <values>', "verdicts that are good, between commas: 1,GOOD,'>=4' (default: the common ways to say it)")
        .option('--bad <values>', 'verdicts that are bad')
        .option('--where <name=value>', 'only answers of this model, tag, name of score, … (or path=value)', wanted)
        .option('--balance', 'weigh the rows so that good and bad ones count as KTO advises')
        .option('--strip-reasoning', 'leave out what models thought before they answered (<think>, <details type="reasoning">)')
        .option('--skip', 'leave out malformed records, and say which (default: refuse the file)'),
    ),
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

const show = (terminal: Terminal): Command =>
  readingOptions(
    common(
      new Command('show')
        .summary('print rows as training reads them')
        .description(
          'Prints rows with the text that the model reads, its tokens, what is learnt and what is masked, where the tokens that begin and end it come from, and what is cut. The first thing to look at.',
        )
        .argument('<file>', source)
        .requiredOption('--model <dir>', 'the model that would be trained: its tokenizer, chat template and context')
        .option('--rows <n>', 'how many', integer(1), 3)
        .option('--max-length <n>', "tokens a prompt and completion may have together (default: the model's context)", integer(2))
        .addOption(
          new Option('--truncate <what>', 'of longer examples, what is cut first; or drop them, or refuse')
            .choices(truncations)
            .default('prompt-start'),
        ),
    ),
  )
    .addHelpText('after', '\nExample:\n  halograd data show rows.jsonl --model ./stories260K-hf --rows 2')
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import('../showing.ts')
      await show(terminal, file, options)
    })

export type ImportCommandOptions = MappingOptions &
  CommonOptions &
  ReadingOptions & {
    readonly out: string
    readonly from?: string
    readonly as?: DataShape
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
    .flatMap((file) => /^(.+)(?<!\.d)\.[jt]s$/.exec(file)?.[1] ?? [])
    .sort()

/** `name=value` pairs, collected over the occurrences of an option. */
const wanted = (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected name=value, e.g. model=llama3.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
