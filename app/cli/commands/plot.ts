/** `halograd plot`: what losses make of gains and losses, as a picture (the KTO paper's Figure 2 is `plot utility --side-by-side`). */
import { Argument, Command } from 'commander'
import type { Curve } from '../../../halos/index.ts'
import { UsageError } from '../../errors.ts'
import { toJson } from '../../json.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Terminal } from '../terminal.ts'

interface PlotOptions extends CommonOptions {
  readonly out: string
  readonly sideBySide?: true
}

const curves: Readonly<Record<Curve, string>> = {
  value: 'v(z)',
  slope: 'v′(z)',
  gradient: '|∂L/∂r| of a desirable completion',
  utility: 'implied human utility, v(z) − v(0)',
}
const figure2 = ['prospect', 'dpo', 'slic-calibration', 'ppo-clip', 'kto']

export const command = (terminal: Terminal): Command =>
  common(
    new Command('plot')
      .summary('draw value functions, slopes, gradients, utilities')
      .description('Draws a curve of one or several losses over z, the gain relative to the reference point, from −5 to 5.')
      .addArgument(new Argument('<curve>', 'what to draw').choices(Object.keys(curves)))
      .argument('[name...]', `losses of the catalogue, or files that export one (default: ${figure2.join(' ')})`)
      .requiredOption('--out <file>', 'where to: a file that ends with .svg or .png')
      .option('--side-by-side', 'one panel a loss'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  halograd plot utility --side-by-side --out figure2.svg\n  halograd plot gradient kto dpo --out gradient.png',
    )
    .action(async (curve: Curve, names: readonly string[], { out, sideBySide, json }: PlotOptions) => {
      if (!/\.(svg|png)$/.test(out)) throw new UsageError(`--out: expected a file that ends with .svg or .png, found ${out}`)
      const [{ series }, { findLoss }, { pngOf, svgOf }, { writeAtomically }] = await Promise.all([
        import('../../../halos/index.ts'),
        import('../../losses.ts'),
        import('../../plot.ts'),
        import('../../../models/index.ts'),
      ])
      const losses = await Promise.all((names.length > 0 ? names : figure2).map((name) => findLoss(name, {})))
      const drawn = losses.map((loss) => {
        const points = series(loss, curve)
        if (points === undefined) throw new UsageError(`${loss.name} cannot be drawn: it is no function of a gain z`)
        return points
      })
      const svg = svgOf(drawn, { x: 'z = s (r − E_Q r)', y: curves[curve], sideBySide: sideBySide === true })
      await writeAtomically(out, out.endsWith('.svg') ? svg : await pngOf(svg))
      if (json) terminal.print(`${toJson({ out, curve, series: drawn })}\n`)
      terminal.say(`${curve} of ${losses.map(({ name }) => name).join(', ')} in ${out}`)
    })
