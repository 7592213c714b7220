/**
 * Mixtures: sums of losses, each seen from the evidence that all of them share.
 *
 *     dpo + 0.1 sft        of pairs:         SFT learns the chosen completions
 *     kto + 0.1 sft        of judgements:    SFT learns the desirable ones
 *
 * Whether the sum is a HALO is for the algebra to say: over one reward and one reference it is; else it is stated, with the reason why not.
 */
import { either as E } from 'fp-ts'
import { plus, scale, weighted } from './algebra.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import { unpublished } from './source.ts'
import { type Checked, explain, invalid, positive, valid, within } from './validation.ts'
import { ofDesirable, seenByPairs } from './view.ts'

/** A loss and its coefficient, a finite number above 0. */
export type Ingredient = readonly [coefficient: number, loss: AnyLoss]

/**
 * The weighted sum of losses, each adapted to the evidence that all of them share: with a loss of pairs, SFT learns the chosen
 * completions; with a loss of judgements, the desirable ones. It is a HALO where the algebra says so (one reward, one reference);
 * otherwise it is stated as a sum.
 * @returns the sum, or the reason why these losses cannot be added
 * @example
 * ```ts
 * import { dpo, getOrThrow, mixture, sft, verify } from 'halograd/halos'
 * const loss = mixture([[1, getOrThrow(dpo())], [0.1, getOrThrow(sft())]])
 * console.log(getOrThrow(loss).name) // DPO + 0.1 SFT
 * console.log(verify(getOrThrow(loss)).verdict) // not a HALO
 * ```
 */
export const mixture = (ingredients: readonly Ingredient[]): Checked<AnyLoss> => {
  const [first] = ingredients
  if (first === undefined) return invalid('mixture', 'at least one loss', 'none')
  if (ingredients.length === 1 && first[0] === 1) return valid(first[1])
  for (const [coefficient, { name }] of ingredients) {
    const flaw = within(name, positive('coefficient', coefficient))
    if (E.isLeft(flaw)) return flaw
  }
  const name = ingredients.map(([k, loss]) => (k === 1 ? loss.name : `${k} ${loss.name}`)).join(' + ')
  return E.chain((terms: readonly Ingredient[]) => {
    const halo = asHalo(terms)
    if (E.isRight(halo)) return valid<AnyLoss>({ ...halo.right, name })
    return weighted(name, unpublished(name), terms, `no single comparison: ${explain(halo.left)}`)
  })(together(ingredients))
}

/** The losses as functions of one evidence: of pairs, if one of them compares pairs; else of judgements, if one of them has any. */
const together = (ingredients: readonly Ingredient[]): Checked<readonly Ingredient[]> => {
  const some = (holds: (needs: AnyLoss['needs']) => boolean): string | undefined =>
    ingredients.find(([, { needs }]) => holds(needs))?.[1].name
  const pairs = some(({ pair }) => pair)
  const refused = [
    [ingredients.find(([, { tokens }]) => tokens)?.[1].name, 'losses of whole completions: this one reads their tokens'],
    [some(({ history }) => history), 'a reference point that is not a running average'],
    [some(({ control }) => control), 'prompts that say no label'],
    [some(({ reward }) => !reward) && some(({ reward }) => reward), 'log-probabilities, not the number of a reward model'],
    [pairs && some(({ unrelated }) => unrelated), `completions that are paired, as ${pairs} compares them, not mismatched ones`],
    [pairs && some(({ value }) => value), `pairs, as ${pairs} compares them, not the labels that a value head expects`],
  ] as const
  const found = refused.find(([culprit]) => culprit)
  if (found !== undefined) return invalid('mixture', found[1], found[0])
  const judged = some(({ label }) => label)
  const adapted = (loss: AnyLoss): AnyLoss =>
    pairs ? (loss.needs.pair ? loss : seenByPairs(loss)) : judged && !loss.needs.label ? ofDesirable(loss) : loss
  return valid(ingredients.map(([k, loss]) => [k, adapted(loss)] as const))
}

/** Σ kᵢ Lᵢ as one HALO. */
const asHalo = (terms: readonly Ingredient[]): Checked<Halo> => {
  const other = terms.find(([, loss]) => loss.kind !== 'halo')
  if (other !== undefined) return invalid('sum', 'declared HALOs only', other[1].name)
  const scaled = terms.map(([k, loss]) => scale(k)(loss as Halo)) // it has a value function
  return scaled.reduce((sum, next) => E.chain((a: Halo) => E.chain((b: Halo) => plus(a)(b))(next))(sum))
}
