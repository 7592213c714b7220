/** `halograd losses`: the catalogue, with what each loss is and where it comes from. */
import { Command } from 'commander'
import { advice } from '../../inputs/advice.ts'
import { type CommonOptions, common } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** Which loss suits which data. */
const suited = `
Which loss suits which data:
${advice.map(([data, losses]) => `  ${data.padEnd(28)}${losses}`).join('\n')}
`

export const command = (terminal: Terminal): Command =>
  common(
    new Command('losses')
      .summary('the catalogue of losses, with verdicts')
      .description('Lists the losses that `align --halo` knows, whether each is a HALO, its settings, and its source.')
      .addHelpText('after', suited),
  ).action(async ({ json }: CommonOptions) => {
    const { catalogue, getOrThrow, learnsFrom, verify } = await import('../../../halos/index.ts')
    const rows = (await catalogue()).map((family) => {
      const loss = getOrThrow(family())
      const { verdict } = verify(loss)
      return {
        key: family.key,
        name: loss.name,
        verdict,
        settings: family.defaults,
        aliases: family.aliases,
        ...(family.suits !== undefined && { suits: family.suits }),
        needs: loss.needs,
        source: loss.source,
      }
    })
    if (json) return terminal.print(`${JSON.stringify(rows)}\n`)
    const table = [
      ['loss', 'verdict', 'learns from', 'settings', 'source'],
      ...rows.map(({ key, verdict, needs, suits, settings, source }) => [
        key,
        verdict,
        suits ?? learnsFrom(needs),
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
