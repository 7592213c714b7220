/** `halograd align`: teach a model what people like, by any loss of the catalogue. */
import { Command } from 'commander'
import type { Settings } from '../../../halos/index.ts'
import type { TrainingExample } from '../../../models/index.ts'
import { common, names, positive, setting } from '../../inputs/options.ts'
import { pathOf, settingsOf } from '../../inputs/settings.ts'
import { type TrainingCommandOptions, trainingOptions } from '../../inputs/training-options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface AlignOptions extends TrainingCommandOptions {
  readonly halo: string
  readonly beta?: number
  readonly set?: Readonly<Record<string, number>>
  readonly allowRefuted?: true
}

const settingsIn = ({ beta, set = {} }: AlignOptions): Settings => ({ ...(beta === undefined ? {} : { beta }), ...set })

/** What a configuration of `align` asks for, without running it. @throws InputError, UsageError, DeclarationError */
export const alignOptions = async (terminal: Terminal, file: string) => {
  const [{ withConfiguration }, { findLoss, fullSettings }] = await Promise.all([
    import('../../inputs/configuration.ts'),
    import('../../inputs/losses.ts'),
  ])
  let found: AlignOptions | undefined
  const align = command(terminal).action((options: AlignOptions) => {
    found = options
  })
  const program = new Command('halograd').addCommand(align)
  for (const each of [program, align]) each.exitOverride().configureOutput({ writeErr: (text) => terminal.say(text.trimEnd()) })
  await program.parseAsync([...(await withConfiguration(program, ['align', '--config', file]))], { from: 'user' })
  const options = found!
  const settings = settingsIn(options)
  return { ...options, settings: await fullSettings(options.halo, settings), loss: await findLoss(options.halo, settings) }
}

export const command = (terminal: Terminal): Command =>
  common(
    trainingOptions(
      new Command('align')
        .summary('align a model with human feedback (KTO, DPO, …)')
        .description(
          'Aligns a model with human feedback. The loss decides what the data must say: KTO learns from single completions with a thumbs up or down, DPO from pairs of which one was preferred (pairs also serve KTO, as two judgements).',
        )
        .requiredOption('--halo <loss>', 'a name of the catalogue (kto, dpo, …), a file that exports one, or a sum of them: dpo+0.1*sft')
        .option('--beta <β>', "how hard to hold on to the reference model (default: the loss's own, mostly 0.1)", positive)
        .option(
          '--control <good,bad>',
          'csft: what ends the prompt of a liked, and of a disliked completion (default: <|good|>,<|bad|>)',
          names,
        )
        .option('--set <name=value>', 'another setting of the loss, e.g. desirable=1.33; may be repeated', setting)
        .option(
          '--allow-refuted',
          'train a loss of your own file even where it is refuted to be a HALO (losses that state it are only reported)',
        ),
      { batch: 32 },
    ),
  )
    .addHelpText(
      'after',
      `
Data is JSON Lines, one of
  {"prompt": "…", "completion": "…", "label": true}
  {"prompt": "…", "chosen": "…", "rejected": "…"}
and any line may have a "weight", from 0 on: how much it counts.

Example:
  halograd align --halo kto --model ./stories260K-hf --data thumbs.jsonl --out aligned --epochs 2
  halograd generate --model aligned --prompt "Once upon a time"`,
    )
    .action(async (options: AlignOptions, command: Command) => {
      const [{ findLoss }, { balanceOf, imbalance, meanWeights }, { run }, { checkVerdict }] = await Promise.all([
        import('../../inputs/losses.ts'),
        import('../../inputs/examples.ts'),
        import('../../run/run.ts'),
        import('../../run/verdict.ts'),
      ])
      const settings = settingsIn(options)
      const loss = await findLoss(options.halo, settings)
      const verdict = checkVerdict(terminal, options.halo, loss, options.allowRefuted)
      const inspect = (examples: readonly TrainingExample[]): void => {
        const { desirable = 1, undesirable = 1 } = settings
        const rows = meanWeights(examples)
        const weights = { desirable: desirable * rows.desirable, undesirable: undesirable * rows.undesirable }
        const warning = loss.needs.label ? imbalance(balanceOf(examples), weights) : undefined
        if (warning !== undefined) terminal.say(`warning: ${warning}`)
      }
      const result = await run(terminal, { command: pathOf(command), settings: settingsOf(command), loss, options, inspect, rate: 1e-4 })
      if (options.json) terminal.print(`${JSON.stringify({ settings, verdict, ...result })}\n`)
    })
