/**
 * A HALO whose completions are read from their tokens: what trains sees completions so, what is proved is the HALO of completions and the reading.
 *
 *     L(θ) = h(read(tokens))
 */
import { either as E } from 'fp-ts'
import type { CompletionPart, Everything, EvidenceKind } from './evidence.ts'
import type { Halo } from './halo.ts'
import type { TokenReading } from './reading.ts'
import type { TextSource } from './source.ts'
import type { Checked } from './validation.ts'
import type { LossView } from './view.ts'

/**
 * A HALO of completions that are read from their tokens: trained so, and proved as the HALO with a proof that no token counts against itself.
 * @param named what it is called, and where it is from
 * @param declared the HALO of completions
 * @param reading how tokens become completions
 * @returns the loss, or the errors of both
 * @example
 * ```ts
 * import { getOrThrow, humanlineReading, kto, perceived, unpublished, verify } from 'halograd/halos'
 * const named = { name: 'KTO, clamped', source: unpublished('KTO, clamped') }
 * console.log(verify(getOrThrow(perceived(named, kto(), humanlineReading(-1, 1.5)))).verdict) // HALO
 * ```
 */
export const perceived = <P extends CompletionPart, K extends EvidenceKind>(
  named: { readonly name: string; readonly source: TextSource },
  declared: Checked<Halo<P, K>>,
  reading: Checked<TokenReading>,
): Checked<LossView<Everything>> =>
  E.chain((tokens: TokenReading) =>
    E.map((h: Halo<P, K>): LossView<Everything> => {
      const all = h as unknown as Halo // everything is enough evidence for it
      const { needs, evaluate, statistic } = all
      return {
        kind: 'view',
        ...named,
        ...{ through: all, tokens, needs, reduced: (e) => e, seen: { text: tokens.text, latex: tokens.latex } },
        ...(statistic && { statistic: (e) => statistic(e as never) }),
        evaluate: (e, pooled) => evaluate(e as never, pooled),
      }
    })(declared),
  )(reading)
