/** `halograd page`: the page to declare, judge and align in a browser. */
import { Command } from 'commander'
import { type CommonOptions, common, integer } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface PageCommandOptions extends CommonOptions {
  readonly out?: string
  readonly port: number
}

export const command = (terminal: Terminal): Command =>
  common(
    new Command('page')
      .summary('declare, judge and align in a browser')
      .description(
        'Serves a page on this machine, on which losses are declared and proved, a small model is judged and aligned, all in the browser. Prints its address on standard output; Ctrl-C ends it. --out writes its files for any static host.',
      )
      .option('--port <n>', 'the port to listen on; 0: any that is free', integer(0, 65535), 8081)
      .option('--out <dir>', 'write the files of the page to a new folder, and serve nothing'),
  ).action(async (options: PageCommandOptions) => (await import('../hosting.ts')).host(terminal, options))
