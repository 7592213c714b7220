/** `halograd watch`: a run, or rounds, in the terminal while they go on in another process: curves, the latest metrics, what its log says against it. */
import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { type CommonOptions, common, positive } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface WatchOptions extends CommonOptions {
  readonly every: number
  readonly once?: true
}

export const command = (terminal: Terminal): Command =>
  common(
    new Command('watch')
      .summary('watch a run, or rounds, while another process trains')
      .description(
        'Prints the curves and the latest metrics of a run, or the table of rounds, again whenever they have changed, until the run ends.',
      )
      .argument('<dir>', 'the --out of the run')
      .option('--every <seconds>', 'how often to look', positive, 2)
      .option('--once', 'print it once'),
  )
    .addHelpText('after', '\nExample:\n  halograd watch aligned')
    .action(async (directory: string, options: WatchOptions) => {
      const { viewOf } = await import('../watching.ts')
      let before = ''
      for (;;) {
        const { lines, finished, json } = await viewOf(directory)
        const text = lines.join('\n')
        if (options.json) return terminal.print(`${JSON.stringify(json)}\n`)
        if (text !== before) terminal.print(`${terminal.interactive ? '\x1b[2J\x1b[H' : ''}${text}\n`)
        before = text
        if (finished || options.once || terminal.stop.aborted) return
        await wait(1000 * options.every, undefined, { signal: terminal.stop }).catch(() => undefined)
      }
    })
