/** `halograd judges`: who can judge texts. */
import { Command } from 'commander'
import { type CommonOptions, common } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  common(
    new Command('judges')
      .summary('who can judge texts')
      .description('Lists the judges that `judge --judge` knows. A file that exports one is a judge, too.'),
  ).action(async ({ json }: CommonOptions) => {
    const { judgeKinds } = await import('../../judge/kinds.ts')
    const rows = [...(await judgeKinds())].map(([name, { argument, summary }]) => ({
      judge: argument === undefined ? name : `${name} ${argument}`,
      summary,
    }))
    if (json) return terminal.print(`${JSON.stringify(rows)}\n`)
    const width = Math.max(...rows.map(({ judge }) => judge.length))
    for (const { judge, summary } of rows) terminal.print(`${judge.padEnd(width)}  ${summary}\n`)
  })
