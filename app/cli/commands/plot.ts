/**
 * `halograd plot`: pictures. What losses make of gains and losses (the KTO paper's Figure 2 is `plot utility --side-by-side`); and, by `plot run`, how a
 * run went.
 */
import { Argument, Command } from 'commander'
import type { Curve } from '../../../halos/index.ts'
import { type CommonOptions, common, integer, setting } from '../../inputs/options.ts'
import { UsageError } from '../../terminal/errors.ts'
import { toJson } from '../../terminal/json.ts'
import { optional, pictures } from '../../terminal/optional.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface PlotOptions extends CommonOptions {
  readonly out: string
  readonly sideBySide?: true
  readonly set?: Readonly<Record<string, number>>
}

const curves: Readonly<Record<Curve, string>> = {
  value: 'v(z)',
  slope: 'v′(z)',
  gradient: '|∂L/∂r| of a desirable completion',
  utility: 'implied human utility',
}
const figure2 = ['prospect', 'dpo', 'slic-calibration', 'ppo-clip', 'kto']

export const command = (terminal: Terminal): Command =>
  common(
    new Command('plot')
      .summary('draw value functions, slopes, gradients, utilities; or a run')
      .description(
        'Draws a curve of one or several losses over z, the gain relative to the reference point, from −5 to 5; or the metrics of runs.',
      )
      .addCommand(ofRun(terminal))
      .addArgument(new Argument('<curve>', 'what to draw').choices(Object.keys(curves)))
      .argument('[name...]', `losses of the catalogue, or files that export one (default: ${figure2.join(' ')})`)
      .requiredOption('--out <file>', 'where to: a file that ends with .svg or .png')
      .option('--side-by-side', 'one panel a loss')
      .option('--set <name=value>', 'a setting of the losses, e.g. epsilon=0.1; may be repeated', setting),
  )
    .addHelpText(
      'after',
      '\nExample:\n  halograd plot utility --side-by-side --out figure2.svg\n  halograd plot gradient kto dpo --out gradient.png\n  halograd plot run aligned --out run.png',
    )
    .action(async (curve: Curve, names: readonly string[], { out, sideBySide, set = {}, json }: PlotOptions) => {
      checkPicture(out)
      const [{ series }, { findLoss }, { svgOf }] = await Promise.all([
        import('../../../halos/index.ts'),
        import('../../inputs/losses.ts'),
        optional(() => import('../../plot.ts'), pictures, 'a picture'),
      ])
      const losses = await Promise.all((names.length > 0 ? names : figure2).map((name) => findLoss(name, set)))
      const drawn = losses.flatMap((loss) => series(loss, curve) ?? [])
      const undrawn = losses
        .filter((loss) => series(loss, curve) === undefined)
        .map(({ name }) => `${name} cannot be drawn: it is no function of a gain z`)
      if (drawn.length === 0) throw new UsageError(undrawn.join('\n'))
      for (const line of undrawn) terminal.say(`left out: ${line}`)
      const title = `${curves[curve]} over the gain z`
      const svg = svgOf(drawn, { title, x: 'z = s (r − E_Q r)', y: curves[curve], sideBySide: sideBySide === true })
      await savePicture(out, svg)
      if (json) terminal.print(`${toJson({ out, curve, series: drawn })}\n`)
      terminal.say(`${curve} of ${drawn.map(({ name }) => name).join(', ')} in ${out}`)
    })

/** `plot run`: the options are those of `plot`. */
const ofRun = (terminal: Terminal): Command =>
  new Command('run')
    .summary('draw runs, finished or not; or rounds')
    .description(
      'Draws the loss, the rewards, KL, gradient norm and learning rate of a run, finished or not, step by step, held-out data as points; several runs in the same panels; the rounds of `halograd rounds`.',
    )
    .argument('<dir...>', 'the --out of each run, where its metrics.jsonl or rounds.jsonl is')
    .option('--smooth <n>', 'draw means over n steps', integer(1), 1)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nExample:\n  halograd plot run aligned --out run.png\n  halograd plot run kto dpo --smooth 10 --out both.svg')
    .action((directories: readonly string[], _: object, command: Command) =>
      drawRuns(terminal, directories, command.optsWithGlobals<PlotOptions & { readonly smooth: number }>()),
    )

/** Rounds where the first directory has them, else runs. */
const drawRuns = async (
  terminal: Terminal,
  directories: readonly string[],
  { out, json, smooth }: PlotOptions & { readonly smooth: number },
): Promise<void> => {
  checkPicture(out)
  const [{ readLog }, { readRounds }, { comparisonOf, pictureOf }, { roundsPicture }] = await Promise.all([
    import('../../run/log.ts'),
    import('../../rounds/log.ts'),
    optional(() => import('../../run/picture.ts'), pictures, 'a picture'),
    optional(() => import('../../rounds/picture.ts'), pictures, 'a picture'),
  ])
  const rounds = await Promise.all(directories.map(async (name) => ({ name, rows: await readRounds(name) })))
  if (rounds.every(({ rows }) => rows.length > 0)) {
    await savePicture(out, roundsPicture(rounds))
    const made = rounds.map(({ rows }) => rows.length - 1)
    if (json) terminal.print(`${JSON.stringify({ out, rounds: made })}\n`)
    return terminal.say(`${made.join(' and ')} rounds of ${directories.join(', ')} in ${out}`)
  }
  const runs = await Promise.all(directories.map(async (name) => ({ name, rows: await readLog(name) })))
  const [first] = runs
  await savePicture(out, runs.length > 1 || first === undefined ? comparisonOf(runs, smooth) : pictureOf(first.rows, smooth))
  const steps = runs.map(({ rows }) => rows.at(-1)?.step ?? 0)
  if (json) terminal.print(`${JSON.stringify({ out, steps: steps.length === 1 ? steps[0] : steps })}\n`)
  terminal.say(`${steps.join(' and ')} steps of ${directories.join(', ')} in ${out}`)
}

const checkPicture = (out: string): void => {
  if (!/\.(svg|png)$/.test(out)) throw new UsageError(`--out: expected a file that ends with .svg or .png, found ${out}`)
}

const savePicture = async (out: string, svg: string): Promise<void> => {
  const [{ pngOf }, { writeAtomically }] = await Promise.all([
    optional(() => import('../../plot.ts'), pictures, 'a picture'),
    import('../../../models/index.ts'),
  ])
  await writeAtomically(out, out.endsWith('.svg') ? svg : await pngOf(svg))
}
