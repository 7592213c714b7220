/** `halograd cite`: BibTeX of the papers that losses come from. */
import { Command } from 'commander'
import { type CommonOptions, common } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  common(
    new Command('cite')
      .summary('BibTeX of the paper behind a loss')
      .argument('<name...>', 'losses of the catalogue, or files that export one'),
  ).action(async (names: readonly string[], { json }: CommonOptions) => {
    const [{ cite }, { findLoss }] = await Promise.all([import('../../../halos/index.ts'), import('../../inputs/losses.ts')])
    const losses = await Promise.all(names.map((name) => findLoss(name, {})))
    if (json) terminal.print(`${JSON.stringify(losses.map(({ name, source }) => ({ name, ...source })))}\n`)
    else terminal.print(`${[...new Set(losses.map(cite))].join('\n\n')}\n`)
  })
