/** `halograd train sft`: learn to imitate demonstrations, by next-token prediction. */
import { Command } from 'commander'
import { common, type TrainingOptions, trainingOptions } from '../options.ts'
import type { Terminal } from '../terminal.ts'

export const command = (terminal: Terminal): Command =>
  new Command('train')
    .summary('train a model to imitate (sft)')
    .description('Trains a model by imitation.')
    .addCommand(
      common(
        trainingOptions(
          new Command('sft')
            .summary('supervised fine-tuning')
            .description(
              'Supervised fine-tuning: the model learns to give the completions of the data to its prompts (only completions count).',
            ),
          { lr: 1e-3, batch: 32 },
        ),
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
        )
        .action(async (options: TrainingOptions) => {
          const [{ findLoss }, { run }] = await Promise.all([import('../../losses.ts'), import('../../run/run.ts')])
          const result = await run(terminal, { command: 'train sft', loss: await findLoss('sft', {}), options })
          if (options.json) terminal.print(`${JSON.stringify(result)}\n`)
        }),
    )
