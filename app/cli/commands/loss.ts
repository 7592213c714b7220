/** `halograd loss`: a loss and its gradient on given log-probabilities, to compare with another implementation. */
import { Command } from 'commander'
import { type CommonOptions, common, setting } from '../../inputs/options.ts'
import { UsageError } from '../../terminal/errors.ts'
import { toJson } from '../../terminal/json.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface LossCommandOptions extends CommonOptions {
  readonly set?: Readonly<Record<string, number>>
  readonly entry?: string
  readonly in: string
}

export const command = (terminal: Terminal): Command =>
  common(
    new Command('loss')
      .summary('evaluate a loss and its gradient on given numbers')
      .description(
        'Evaluates a loss in float64, on log-probabilities by name. Prints the loss, those of the examples, rewards, KL, and gradients, as JSON.',
      )
      .argument('[name]', 'a loss of the catalogue, or a file that exports one')
      .option('--set <name=value>', 'a setting of the loss, e.g. beta=0.1; may be repeated', setting)
      .option('--entry <name>', "another library's function with its conventions, e.g. trl_main/kto/kto, instead of a name")
      .requiredOption('--in <file>', 'a JSON array of {id?, hyper?, inputs: {policy_logps: […], …}}'),
  )
    .addHelpText(
      'after',
      `
Inputs are summed log-probabilities (or rows of them, one a token), one an example:
  judged completions   policy_logps ref_logps labels policy_KL_logps ref_KL_logps
  pairs                policy_chosen_logps policy_rejected_logps ref_chosen_logps ref_rejected_logps

Example:
  echo '[{"inputs": {"policy_chosen_logps": [-1], "policy_rejected_logps": [-2], "ref_chosen_logps": [-1], "ref_rejected_logps": [-1]}}]' > cases.json
  halograd loss dpo --set beta=0.1 --in cases.json --json`,
    )
    .action(async (name: string | undefined, { set = {}, entry, in: file, json }: LossCommandOptions) => {
      const question = name !== undefined ? { name } : entry !== undefined ? { entry } : undefined
      if (question === undefined || (name !== undefined && entry !== undefined))
        throw new UsageError('loss: give the name of a loss, or --entry, but not both')
      const { evaluateFile } = await import('../../inputs/evaluate-cases.ts')
      const answers = await evaluateFile({ ...question, settings: set }, file)
      terminal.print(`${toJson(answers, json ? 0 : 2)}\n`)
    })
