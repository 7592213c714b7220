/** `halograd train`: what is not alignment. `sft` imitates demonstrations; `reward` learns to tell the better of two completions. */
import { Command } from 'commander'
import { common } from '../../inputs/options.ts'
import { pathOf, settingsOf } from '../../inputs/settings.ts'
import { type TrainingCommandOptions, trainingOptions } from '../../inputs/training-options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  new Command('train')
    .summary('train a model to imitate (sft), or to judge (reward)')
    .description('Trains a model by imitation, or as a judge.')
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
