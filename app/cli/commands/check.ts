/** `halograd check`: whether certificates prove what they say, by a checker that shares nothing with what made them. */
import { Command } from 'commander'
import type { Certificate } from '../../../halos/index.ts'
import type { CheckOutcome } from '../../check/index.ts'
import { type CommonOptions, common } from '../../inputs/options.ts'
import { RefutedError } from '../../terminal/errors.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  common(
    new Command('check')
      .summary('check certificates that verify has written')
      .description(
        'Checks certificates of `halograd verify --certificate`: differentiates their expressions, bounds them in exact arithmetic, and demands that the boxes cover the domains and that the verdict follows. The checker shares no code with the prover. A certificate that it rejects makes the command fail.',
      )
      .argument('<file...>', 'certificates, or lists of them, in JSON'),
  )
    .addHelpText('after', '\nExample:\n  halograd verify --certificate catalogue.json && halograd check catalogue.json')
    .action(async (files: readonly string[], { json }: CommonOptions) => {
      const [{ check }, { readCertificates }] = await Promise.all([import('../../check/index.ts'), import('../../inputs/certificates.ts')])
      const results = []
      for (const file of files)
        for (const [i, { certificate, intact }] of (await readCertificates(file)).entries()) {
          const outcome = intact ? check(certificate) : damaged
          const { accepted } = outcome
          results.push({
            file,
            loss: nameOf(certificate),
            accepted,
            ...(accepted ? { verdict: outcome.verdict } : { reason: outcome.reason }),
          })
          if (!json) terminal.print(`${linesOf(nameOf(certificate) ?? `${file}, certificate ${i + 1}`, outcome, certificate).join('\n')}\n`)
        }
      if (json) terminal.print(`${JSON.stringify(results)}\n`)
      const rejected = results.filter(({ accepted }) => !accepted)
      if (rejected.length > 0) throw new RefutedError(`${rejected.length} of ${results.length} certificates are rejected`)
    })

const damaged: CheckOutcome = { accepted: false, reason: 'it is not as it was written: its digest is that of another text' }
const nameOf = (certificate: unknown): string | undefined =>
  typeof certificate === 'object' && certificate !== null && 'loss' in certificate ? String(certificate.loss) : undefined

const linesOf = (name: string, outcome: CheckOutcome, certificate: unknown): readonly string[] => {
  if (!outcome.accepted) return [`${name}: rejected: ${outcome.reason}`]
  const { verdict, claims, refutation, uncertified } = certificate as Certificate // or it would have been rejected
  return [
    `${name}: ${verdict}, as certified`,
    ...claims.map(({ part, claim, domain, boxes }) => {
      const where = Object.entries(domain).map(([variable, [low, high]]) => `${variable} in [${low}, ${high}]`)
      return `  ${part} is ${claim}${where.length === 0 ? '' : ` for ${where.join(', ')}`}: ${boxes.length} box${boxes.length === 1 ? '' : 'es'}`
    }),
    ...(refutation === null ? [] : [`  ${refutation.lemma}: ${refutation.in.join(', ')}`]),
    ...uncertified.map((text) => `  not certified: ${text}`),
  ]
}
