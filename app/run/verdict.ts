/**
 * What is known of a loss before it is trained: the verdict of `verify`, in one line; and where a loss of the user's own is refuted, the end of the
 * run, unless it states itself that it is no HALO, or --allow-refuted was given.
 */
import { type AnyLoss, describe, isStated, verify } from '../../halos/index.ts'
import { isModule } from '../inputs/modules.ts'
import { RefutedError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** `name`: what the user called the loss, or the sum. @throws RefutedError, UnknownPrimitiveError */
export const checkVerdict = (terminal: Terminal, name: string, loss: AnyLoss, allowRefuted = false): string => {
  const report = verify(loss)
  const stated = isStated(loss)
  const refuted = report.verdict === 'not a HALO'
  if (refuted && !stated && !allowRefuted && name.split('+').some((term) => isModule(term.trim()))) {
    const why = describe(report).filter((line) => line.includes(': refuted: '))
    throw new RefutedError(
      `--halo ${name}: ${loss.name} is not a HALO:\n${why.join('\n')}\nMend it (\`halograd verify ${name}\` shows every condition), or train it all the same with --allow-refuted.`,
    )
  }
  terminal.say(`verdict: ${report.name}: ${report.verdict}${refuted && stated ? ', as it is stated to be' : ''}`)
  return report.verdict
}
