/** `halograd losses`: the catalogue, with what each loss is and where it comes from. */
import { Command } from 'commander'
import { type CommonOptions, common } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  common(
    new Command('losses')
      .summary('the catalogue of losses, with verdicts')
      .description('Lists the losses that `align --halo` knows, whether each is a HALO, its settings, and its source.'),
  ).action(async ({ json }: CommonOptions) => {
    const { catalogue, getOrThrow, verify } = await import('../../../halos/index.ts')
    const rows = (await catalogue()).map((family) => {
      const loss = getOrThrow(family())
      const { verdict } = verify(loss)
      return {
        key: family.key,
        name: loss.name,
        verdict,
        settings: family.defaults,
        aliases: family.aliases,
        needs: loss.needs,
        source: loss.source,
      }
    })
    if (json) return terminal.print(`${JSON.stringify(rows)}\n`)
    const data = ({ pair, label }: (typeof rows)[number]['needs']): string => (pair ? 'pairs' : label ? 'labels' : 'demonstrations')
    const table = [
      ['loss', 'verdict', 'learns from', 'settings', 'source'],
      ...rows.map(({ key, verdict, needs, settings, source }) => [
        key,
        verdict,
        data(needs),
        Object.entries(settings)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
        `${source.authors[0]?.split(' ').at(-1) ?? ''} ${source.year}${source.arxiv === undefined ? '' : ` arXiv:${source.arxiv}`}, ${source.at}`,
      ]),
    ]
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
    for (const row of table)
      terminal.print(
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
      )
  })
