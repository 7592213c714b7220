/** `halograd reproduce`: the KTO paper's empirical claims, in a small world with an oracle. */
import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { type BackendOptions, backendOptions, type CommonOptions, common, integer } from '../../inputs/options.ts'
import { namesIn } from '../../terminal/sources.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface ReproduceCommandOptions extends CommonOptions, BackendOptions {
  readonly seeds: number
  readonly quick?: true
  readonly jobs: number
  readonly out: string
}

export const command = (terminal: Terminal): Command =>
  common(
    backendOptions(
      new Command('reproduce')
        .summary("the KTO paper's findings, in a small world")
        .description(
          'Pre-trains small transformers on a task with an oracle, aligns them from the preferences of simulated people, and says which findings of the KTO paper reproduce: each as a difference with its 95 % interval over seeds. What is finished is kept in --out: a run that was stopped goes on from there.',
        )
        .argument('<experiment...>', 'as the paper calls them: figure3, table1, …; or all')
        .option('--seeds <n>', 'how often everything is repeated, from pre-training on', integer(1, 16), 3)
        .option('--quick', 'models too small to learn anything: shows in seconds that everything runs')
        .option(
          '--jobs <n>',
          'processes that work at once (default: one a core, with one thread each)',
          integer(1, 64),
          availableParallelism(),
        )
        .option('--out <dir>', 'where finished cells, models and reports are kept', 'results'),
      true,
    ),
  )
    .addHelpText(
      'after',
      () => `\nExperiments: ${known().join(', ')}\n\nExample:\n  halograd reproduce figure3\n  halograd reproduce all --seeds 5`,
    )
    .action(async (keys: readonly string[], { json, ...options }: ReproduceCommandOptions) => {
      const { reproduce } = await import('../../reproduce/reproduce.ts')
      const reports = await reproduce(terminal, keys, options, (_, text) => {
        if (!json) terminal.print(`${text}\n`)
      })
      if (json) terminal.print(`${JSON.stringify(reports)}\n`)
    })

const known = (): readonly string[] => namesIn('../../reproduce/experiments/', import.meta.url)
