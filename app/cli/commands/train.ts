/** `halograd train`: what is not alignment. `sft` imitates demonstrations, `reward` learns to tell the better of two completions, `lm` to continue text. */
import { Command } from 'commander'
import { common, integer } from '../../inputs/options.ts'
import { pathOf, settingsOf } from '../../inputs/settings.ts'
import { type TrainingCommandOptions, trainingOptions } from '../../inputs/training-options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  new Command('train')
    .summary('train a model to imitate (sft), to judge (reward), or to continue text (lm)')
    .description('Trains a model by imitation, as a judge, or on text, from nothing or further.')
    .addCommand(languageModel(terminal))
    .addCommand(
      trains(terminal, 'sft', { lr: 1e-3, batch: 32 })
        .summary('supervised fine-tuning')
        .description(
          'Supervised fine-tuning: the model learns to give the completions of the data to its prompts (only completions count).',
        )
        .addHelpText(
          'after',
          `
Data is JSON Lines, one of
  {"prompt": "…", "completion": "…"}
  {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
  {"text": "…"}

Example:
  halograd train sft --model ./stories260K-hf --data stories.jsonl --out tuned --steps 200`,
        ),
    )
    .addCommand(
      trains(terminal, 'reward', { lr: 3e-4, batch: 32 }, 'bradley-terry')
        .summary('a reward model')
        .description(
          'Trains a reward model: a number for a text, larger for what people prefer (Bradley and Terry). Its accuracy is how often it prefers the chosen one of held-out pairs. `halograd judge` lets it judge.',
        )
        .addHelpText(
          'after',
          `
Data is JSON Lines of {"prompt": "…", "chosen": "…", "rejected": "…"}.

Example:
  halograd train reward --model ./stories260K-hf --data pairs.jsonl --out reward
  halograd judge --judge 'reward reward' --model aligned --data heldout.jsonl`,
        ),
    )

interface LanguageModelOptions extends TrainingCommandOptions {
  readonly vocabulary: number
  readonly context: number
  readonly embed: number
  readonly layers: number
  readonly heads: number
}

const languageModel = (terminal: Terminal): Command =>
  common(
    trainingOptions(
      new Command('lm')
        .summary('pre-training on text')
        .description(
          'Trains a model to continue text: one of --model further, or a new one whose tokenizer is learnt from the text. Texts are packed into windows of the context without gaps; the last tenth of them is held out.',
        )
        .optionsGroup('A new model:')
        .option('--vocabulary <n>', 'tokens of its byte-pair vocabulary', integer(257), 2048)
        .option('--context <n>', 'tokens that it reads at most', integer(2), 128)
        .option('--embed <n>', 'its width', integer(2), 128)
        .option('--layers <n>', 'its depth', integer(1), 4)
        .option('--heads <n>', 'attention heads in each layer', integer(1), 4),
      { batch: 16, model: false },
    ),
  )
    .addHelpText(
      'after',
      `
Data is a text file (.txt, .md), or rows as for \`train sft\`.

Examples:
  halograd train lm --data book.txt --out mine --steps 1000
  halograd train lm --data more.txt --model mine --out further`,
    )
    .action(async (options: LanguageModelOptions, command: Command) => {
      const [{ findLoss }, { preTrain }] = await Promise.all([import('../../inputs/losses.ts'), import('../../run/language-model.ts')])
      const task = { command: pathOf(command), settings: settingsOf(command), loss: await findLoss('sft', {}), options, rate: 3e-3 }
      const result = await preTrain(terminal, task, options)
      if (options.json) terminal.print(`${JSON.stringify(result)}\n`)
    })

/** A command that trains by a loss. */
const trains = (
  terminal: Terminal,
  name: string,
  defaults: { readonly lr: number; readonly batch: number },
  loss: string = name,
): Command =>
  common(trainingOptions(new Command(name), defaults)).action(async (options: TrainingCommandOptions, command: Command) => {
    const [{ findLoss }, { run }, { checkVerdict }] = await Promise.all([
      import('../../inputs/losses.ts'),
      import('../../run/run.ts'),
      import('../../run/verdict.ts'),
    ])
    const task = { command: pathOf(command), settings: settingsOf(command), loss: await findLoss(loss, {}), options, rate: defaults.lr }
    checkVerdict(terminal, loss, task.loss)
    const result = await run(terminal, task)
    if (options.json) terminal.print(`${JSON.stringify(result)}\n`)
  })
