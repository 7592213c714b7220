/** `halograd latex`: the formula of a loss, from the text that backends run. */
import { Command } from 'commander'
import { type CommonOptions, common, setting } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface LatexOptions extends CommonOptions {
  readonly set?: Readonly<Record<string, number>>
}

export const command = (terminal: Terminal): Command =>
  common(
    new Command('latex')
      .summary('the formula of a loss, in LaTeX')
      .argument('<name...>', 'losses of the catalogue, or files that export one')
      .option('--set <name=value>', 'a setting of the losses, e.g. epsilon=0.1; may be repeated', setting),
  ).action(async (names: readonly string[], { set = {}, json }: LatexOptions) => {
    const [{ toLatex }, { findLoss }] = await Promise.all([import('../../../halos/index.ts'), import('../../inputs/losses.ts')])
    const formulas = await Promise.all(
      names.map(async (name) => {
        const loss = await findLoss(name, set)
        return { name: loss.name, latex: toLatex(loss) }
      }),
    )
    terminal.print(json ? `${JSON.stringify(formulas)}\n` : `${formulas.map(({ latex }) => latex).join('\n')}\n`)
  })
