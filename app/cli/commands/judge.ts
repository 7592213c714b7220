/** `halograd judge`: how often a model wins, against the completions that people liked or against another model. */
import { Command } from 'commander'
import {
  backendOptions,
  type CommonOptions,
  common,
  integer,
  notNegative,
  positive,
  probability,
  readingOptions,
} from '../../inputs/options.ts'
import type { JudgingOptions } from '../../judge/judging.ts'
import { UsageError } from '../../terminal/errors.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface JudgeOptions extends CommonOptions, JudgingOptions {
  /** Answers to show. */
  readonly samples: number
  readonly out?: string
}

export const command = (terminal: Terminal): Command =>
  common(
    backendOptions(
      readingOptions(
        new Command('judge')
          .summary('win rate of a model, against data or another model')
          .description(
            'Lets a model answer the prompts of a data file, and judges compare its answers with the completions that people liked (the SFT target), or with those of another model: win rates with 95 % intervals, and what the texts are like.',
          )
          .requiredOption('--model <dir>', 'the model to judge (A): a Hugging Face directory, or hf:owner/name')
          .option(
            '--against <dir|data>',
            'what it is compared with (B): another model, or data: the chosen, desirable or shown completions',
            'data',
          )
          .requiredOption('--data <file>', 'the prompts; best a file that nothing was trained on')
          .option('--held-out <fraction>', 'use only what training with this --eval and this --seed holds out of --data', probability)
          .option('--prompts <n>', 'the largest number of prompts, drawn by --seed (default: all)', integer(1))
          .requiredOption('--judge <judge>', 'the judge: see `halograd judges`; may be repeated', repeated)
          .option('--judge-timeout <seconds>', 'how long a judge that is a program may be silent', positive, 300)
          .option('--max-tokens <n>', 'tokens of an answer at most', integer(1), 128)
          .option('--temperature <t>', '0: always the likeliest token; 1: as the model believes', notNegative, 1)
          .option('--top-k <n>', 'draw from the n likeliest tokens only', integer(1))
          .option('--top-p <p>', 'draw from the fewest tokens that together have this probability', probability)
          .option('--seed <n>', 'the same seed draws the same answers', integer(0), 0)
          .option('--batch <n>', 'prompts answered together', integer(1), 64)
          .option('--samples <n>', 'answers to show', integer(0), 3)
          .option('--out <file>', 'save the report with all answers and verdicts, as JSON'),
      ),
    ),
  )
    .addHelpText(
      'after',
      `
Examples:
  halograd judge --model aligned --data heldout.jsonl --judge lexicon
  halograd judge --model aligned --against ./stories260K-hf --data thumbs.jsonl --held-out 0.1 --judge 'reward ./reward' --judge length
  halograd judge --model aligned --data heldout.jsonl --judge 'command ./ask-a-large-model.py' --out report.json`,
    )
    .action(async ({ samples, out, json, ...options }: JudgeOptions) => {
      if (out !== undefined && (await isDirectory(out))) throw new UsageError(`--out: ${out} is a directory; give a file`)
      const [{ judging }, { reportLines }] = await Promise.all([import('../../judge/judging.ts'), import('../../judge/report.ts')])
      const result = await judging(terminal, options)
      for (const line of reportLines(result, samples)) terminal.say(line)
      if (json) terminal.print(`${JSON.stringify(result.report)}\n`)
      if (out === undefined) return
      const { writeAtomically } = await import('../../../models/index.ts')
      await writeAtomically(out, `${JSON.stringify({ options, ...result }, null, 2)}\n`)
      terminal.say(`Report and answers: ${out}`)
    })

const repeated = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

const isDirectory = async (path: string): Promise<boolean> => {
  const { stat } = await import('node:fs/promises')
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
