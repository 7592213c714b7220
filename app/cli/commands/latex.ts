/** `halograd latex`: the formula of a loss, from the text that backends run. */
import { Command } from 'commander'
import { type CommonOptions, common } from '../options.ts'
import type { Terminal } from '../terminal.ts'

export const command = (terminal: Terminal): Command =>
  common(
    new Command('latex')
      .summary('the formula of a loss, in LaTeX')
      .argument('<name...>', 'losses of the catalogue, or files that export one'),
  ).action(async (names: readonly string[], { json }: CommonOptions) => {
    const [{ toLatex }, { findLoss }] = await Promise.all([import('../../../halos/index.ts'), import('../../losses.ts')])
    const formulas = await Promise.all(
      names.map(async (name) => {
        const loss = await findLoss(name, {})
        return { name: loss.name, latex: toLatex(loss) }
      }),
    )
    terminal.print(json ? `${JSON.stringify(formulas)}\n` : `${formulas.map(({ latex }) => latex).join('\n')}\n`)
  })
