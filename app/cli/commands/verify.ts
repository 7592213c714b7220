/** `halograd verify`: is it a HALO? Condition by condition: proved, tested, or refuted with a witness. */
import { Command } from 'commander'
import type { Certificate } from '../../../halos/index.ts'
import { type CommonOptions, common, setting } from '../../inputs/options.ts'
import { RefutedError } from '../../terminal/errors.ts'
import { toJson } from '../../terminal/json.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface VerifyOptions extends CommonOptions {
  readonly file?: string
  readonly certificate?: string
  readonly set?: Readonly<Record<string, number>>
}

export const command = (terminal: Terminal): Command =>
  common(
    new Command('verify')
      .summary('prove or refute that losses are HALOs')
      .description(
        'Decides the conditions of Definition 3.4 (arXiv:2402.01306) for losses of the catalogue (default: all), or of your own file. A loss that is declared as a HALO and is not one makes the command fail; a loss stated as a non-HALO must be refuted.',
      )
      .argument('[name...]', 'losses of the catalogue, or files that export one')
      .option('--file <file>', 'a file that exports a loss: export default halo({…})')
      .option('--certificate <file>', 'write what was found as a certificate, for `halograd check` (several losses: a list of them)')
      .option('--set <name=value>', 'a setting of the losses, e.g. epsilon=0.1; may be repeated', setting),
  )
    .addHelpText(
      'after',
      '\nExample:\n  halograd verify kto dpo ipo\n  halograd verify --file ./my-loss.ts\n  halograd verify kto --certificate kto.json && halograd check kto.json',
    )
    .action(async (names: readonly string[], { file, certificate: path, set = {}, json }: VerifyOptions) => {
      const [{ catalogue, certificate, describe, isHalo, isStated, isView, verify }, { findLoss }] = await Promise.all([
        import('../../../halos/index.ts'),
        import('../../inputs/losses.ts'),
      ])
      const given = [...names, ...(file === undefined ? [] : [file])]
      const wanted = given.length > 0 ? given : (await catalogue()).map(({ key }) => key)
      const results = []
      const certificates: Certificate[] = []
      for (const name of wanted) {
        const loss = await findLoss(name, set)
        const report = verify(loss)
        // A loss that says nothing of itself may be anything.
        const stated = isHalo(loss) || isView(loss) ? 'HALO' : isStated(loss) ? 'not a HALO' : report.verdict
        results.push({ key: name, ...report, asStated: report.verdict === stated })
        if (path !== undefined) certificates.push(certificate(loss))
        if (!json) terminal.print(`${describe(report).join('\n')}\n\n`)
      }
      if (json) terminal.print(`${toJson(results)}\n`)
      if (path !== undefined) await (await import('../../inputs/certificates.ts')).writeCertificates(path, certificates)
      const wrong = results.filter(({ asStated }) => !asStated)
      if (wrong.length > 0)
        throw new RefutedError(`not what it is declared to be: ${wrong.map(({ name, verdict }) => `${name} (${verdict})`).join(', ')}`)
    })
