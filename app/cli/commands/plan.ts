/** `halograd plan`: what a run would need, before it is begun. */
import { Command } from 'commander'
import { common } from '../../inputs/options.ts'
import { settingsOf } from '../../inputs/settings.ts'
import { type TrainingCommandOptions, trainingOptions } from '../../inputs/training-options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface PlanOptions extends TrainingCommandOptions {
  readonly halo: string
}

export const command = (terminal: Terminal): Command =>
  common(
    trainingOptions(
      new Command('plan')
        .summary('what a training run would need: memory, work, time')
        .description(
          'Says what `align` with these options would need: parameters, memory, multiplications and additions, and about how long a step takes here; and which options would make it smaller. Nothing is trained, and no weights are loaded.',
        )
        .option('--halo <loss>', 'as in `align`', 'kto'),
      { batch: 32, out: false },
    ),
  )
    .addHelpText('after', '\nExample:\n  halograd plan --model ./smollm2-135m --data thumbs.jsonl --lora 8 --batch 8 --max-length 128')
    .action(async (options: PlanOptions, command: Command) => {
      const [{ findLoss }, { needs, needsLines }] = await Promise.all([import('../../inputs/losses.ts'), import('../../run/needs.ts')])
      const task = { command: 'plan', settings: settingsOf(command), loss: await findLoss(options.halo, {}), options, rate: 1e-4 }
      const found = await needs(terminal, task)
      if (options.json) terminal.print(`${JSON.stringify(found)}\n`)
      else for (const line of needsLines(found)) terminal.print(`${line}\n`)
    })
