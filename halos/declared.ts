/**
 * The declaration of a loss: its own; that of the HALO which it is computed from; or that which a formula of pairs is, where it is a function of
 * the difference of two rewards:
 *
 *     L = F(r_w − r_l)   is   t(v(r_w − E_Q r)),   v(z) = −F(z), t(v) = −v, Q = δ(y_l)
 */
import { either as E } from 'fp-ts'
import { always, negation } from './affine.ts'
import type { CompletionPart, EvidenceKind } from './evidence.ts'
import { type Halo, halo } from './halo.ts'
import { isHalo, isStated, isView } from './kinds.ts'
import type { AnyLoss } from './loss.ts'
import { minus, normalForms } from './normal-form.ts'
import type { DeclaredSettings, PairText, ScalarText } from './parameters.ts'
import { reasonOf } from './reason.ts'
import { rejected } from './reference.ts'
import type { Formula } from './stated.ts'
import { valid } from './validation.ts'
import { makeValue } from './value.ts'

/** A formula of pairs as a function of one difference, with its settings. */
export interface DifferenceText {
  readonly text: ScalarText
  readonly settings: DeclaredSettings
}
/** Whether F(w + c, l + c) = F(w, l), by normal forms. */
const isDifference = (text: PairText, settings: DeclaredSettings): boolean => {
  const { scalar: S, leaf } = normalForms()
  const given = Object.fromEntries(Object.keys(settings).map((name) => [name, leaf(name)]))
  const [w, l, c] = [leaf('w'), leaf('l'), leaf('c')]
  const f = text(S, given)
  return minus(f(S.add(w, c), S.add(l, c)), f(w, l)).size === 0
}
/** z ↦ −F(z, 0), if the formula is a function of a difference of rewards. */
export const differenceOf = ({ text, settings = {}, reward }: Formula): DifferenceText | undefined => {
  if (text === undefined || reward === undefined) return undefined
  try {
    if (!isDifference(text, settings)) return undefined
  } catch (error) {
    reasonOf(error) // an expression with too many terms is compared with nothing
    return undefined
  }
  return { text: (S) => (z, given) => S.mul(S.of(-1), text(S, given)(z, S.of(0))), settings }
}

/** A declaration that the loss may have: `verify` shows whether it is one, and whether the loss is its composition. */
export const declarationOf = (loss: AnyLoss): Halo | undefined => {
  if (isHalo(loss)) return loss
  if (isView(loss)) return loss.through
  const formula = isStated(loss) ? loss.formula : undefined
  const difference = formula && differenceOf(formula)
  if (formula?.reward === undefined || difference === undefined) return undefined
  const { name, source } = loss
  const value = valid(makeValue(`−(${name} of z)`, difference.text, difference.settings))
  const made = halo<CompletionPart, EvidenceKind>({
    name,
    source,
    reward: valid(formula.reward),
    reference: rejected,
    value,
    t: always(negation),
  })
  return E.isRight(made) ? made.right : undefined
}
