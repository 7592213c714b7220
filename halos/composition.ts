/**
 * The graph that trains is what is proved. What `evaluate` builds is compared with the composition of the declared parts: node by node, for
 * equal expressions are one node; or else by normal forms of the loss and of its gradient in every log π_θ,
 *
 *     L = k · mean of a t(v(τ s (r − E_Q r))) + C,   k > 0,   where no log π_θ has a part in C
 *
 * of a few examples, of parts of a batch, and with the statistic of another batch. A view is compared after its evidence was reduced.
 */
import { type AnyTensor, grad, type Scalar, type Tensor } from '../core/index.ts'
import { elements } from './element.ts'
import { type Completion, type Everything, type EvidenceRole, roles } from './evidence.ts'
import type { Condition } from './findings.ts'
import { type Halo, vary } from './halo.ts'
import { type AnyLoss, lossOf, type Outcome, type Statistic } from './loss.ts'
import { type Form, minus, normalForms } from './normal-form.ts'
import { reasonOf } from './reason.ts'
import { refutation } from './refute.ts'
import { only, pooled, symbolic } from './symbolic.ts'

/** A loss, as a function of the evidence of several micro-batches. */
type BatchTotal = (batches: readonly Everything[]) => Outcome & { readonly total: Tensor }
const totalOf =
  (evaluate: AnyLoss['evaluate'], statistic?: Statistic): BatchTotal =>
  (batches) => {
    const outcomes = batches.map((batch) => evaluate(batch, statistic))
    return { ...outcomes[0]!, total: lossOf(outcomes) }
  }

interface CompositionSetting {
  readonly batches: readonly Everything[]
  /** What was pooled elsewhere, where the loss pools. */
  readonly statistic: Statistic | undefined
}
/** Batches of one to three examples, and one in two parts; with what the loss asks for alone, and with all there can be. */
const settingsOf = (loss: AnyLoss): readonly CompositionSetting[] => {
  const sizes = [[1], [2], [3], [1, 2]]
  const evidence = sizes.flatMap((parts) => {
    const all = parts.map(symbolic)
    return [all, all.map((batch) => only(loss.needs, batch))]
  })
  const statistics = loss.statistic === undefined ? [undefined] : [undefined, pooled]
  return evidence.flatMap((batches) => statistics.map((statistic) => ({ batches, statistic })))
}

/** Whether two trees of tensors are one. */
const same = (x: readonly (AnyTensor | undefined)[], y: readonly (AnyTensor | undefined)[]): boolean =>
  x.length === y.length && x.every((node, i) => node === y[i])
/** Everything of an outcome that is trained on, or reported as the loss. */
const trained = ({ loss, losses, terms, total }: ReturnType<BatchTotal>): readonly AnyTensor[] => [
  ...[loss, losses, total],
  ...terms.flatMap(({ numerator, denominator }) => [numerator, denominator]),
]
const pools = (loss: AnyLoss, reduced: (e: Everything) => Everything, declared: AnyLoss): boolean => {
  const all = symbolic(2)
  const [own, other] = [loss.statistic?.(all), declared.statistic?.(reduced(all))]
  return same([own?.sum, own?.count], [other?.sum, other?.count])
}

// ------------------------------------------------------------------ by normal forms

/** Every log π_θ of the evidence, to be differentiated by. */
type Policies = Readonly<Record<string, Tensor<'example'>>>
const policiesOf = (batches: readonly Everything[]): Policies =>
  Object.fromEntries(
    batches.flatMap((batch, i) => roles.flatMap((role) => (batch[role] === undefined ? [] : [[`${i}.${role}`, batch[role].policy]]))),
  )
const withPolicies = (batches: readonly Everything[], policies: Policies): readonly Everything[] =>
  batches.map((batch, i) => {
    const held = (role: EvidenceRole): Completion => ({ ...batch[role], policy: policies[`${i}.${role}`]! })
    return { ...batch, ...Object.fromEntries(roles.flatMap((role) => (batch[role] === undefined ? [] : [[role, held(role)]]))) }
  })

interface Forms {
  readonly losses: readonly Form[]
  readonly gradient: readonly Form[]
}
type ElementReader = <A>(S: Scalar<A>, leaf: (x: AnyTensor, place: Readonly<Record<string, number>>) => A) => (x: AnyTensor) => readonly A[]
const everyElement: ElementReader = (S, leaf) => {
  const at = elements(S, leaf)
  return (x) => Array.from({ length: x.shape.example ?? 1 }, (_, example) => at(x, { example }))
}
/** The losses and the gradient of a total, example by example. Leaves go by their roles. */
const formsOf = (total: BatchTotal, { batches }: CompositionSetting, read: (x: AnyTensor) => readonly Form[]): Forms => {
  const policies = policiesOf(batches)
  const { loss, total: own } = total(batches)
  const slopes = grad((p: Policies) => total(withPolicies(batches, p)).total)(policies)
  return { losses: [loss, own].flatMap(read), gradient: Object.values(slopes).flatMap(read) }
}
const named = (x: AnyTensor, place: Readonly<Record<string, number>>): string =>
  `${x.op.tag === 'input' ? x.op.name : ''}#${x.id}[${place.example ?? 0}]`

/** The factor k by which the one is the other, but for terms in which no log π_θ has a part. */
const multiple = (
  own: BatchTotal,
  declared: BatchTotal,
  setting: CompositionSetting,
): { readonly factor: number; readonly rest: boolean } | undefined => {
  const { scalar, leaf, leavesOf } = normalForms()
  const read = everyElement(scalar, (x, place) => leaf(named(x, place)))
  const [mine, theirs] = [formsOf(own, setting, read), formsOf(declared, setting, read)]
  const zero = (form: Form): boolean => form.size === 0
  const apart = (form: Form): boolean => ![...leavesOf(form)].some((name) => name.includes('.policy#'))
  for (const factor of [1, 2]) {
    const differences = mine.losses.map((form, i) => minus(form, theirs.losses[i]!, factor))
    const gradients = mine.gradient.map((form, i) => minus(form, theirs.gradient[i]!, factor))
    if (gradients.every(zero) && differences.every(apart)) return { factor, rest: !differences.every(zero) }
  }
  return undefined
}

// ------------------------------------------------------------------ the condition

const name = 'what trains is what is declared'
/** Of a declaration and the loss that is evaluated: the same, or a view with its reduction of the evidence. */
export const compositionCondition = (
  h: Halo,
  loss: AnyLoss,
  reduced: (evidence: Everything) => Everything = (evidence) => evidence,
): Condition => {
  const declared = vary(h, {}) as unknown as AnyLoss // it looks at no more than it needs
  try {
    if (!pools(loss, reduced, declared)) return { name, finding: different(loss, 'the statistic is not that of the declared parts') }
    const found = settingsOf(loss).map((setting) => {
      const own = totalOf(loss.evaluate, setting.statistic)
      const parts: BatchTotal = (batches) => totalOf(declared.evaluate, setting.statistic)(batches.map(reduced))
      const identical = same(trained(own(setting.batches)), trained(parts(setting.batches)))
      return identical ? { factor: 1, rest: false } : multiple(own, parts, setting)
    })
    if (found.some((one) => one === undefined))
      return { name, finding: different(loss, 'evaluate is not the composition of the declared parts') }
    const [factor, rest] = [Math.max(...found.map((one) => one!.factor)), found.some((one) => one!.rest)]
    const times = factor === 1 ? '' : `${factor} times `
    const others = loss.evaluate(symbolic(2)).terms.flatMap((term) => term.name ?? [])
    const more = rest ? `, and ${others.join(', ') || 'more'}, in which no log π_θ has a part` : ''
    return {
      name,
      finding: { tag: 'by construction', why: `evaluate is ${times}t(v(r − E_Q r)) of the parts${more}, in loss and gradient` },
    }
  } catch (error) {
    return { name, finding: { tag: 'open', why: `it cannot be compared: ${reasonOf(error)}` } }
  }
}
/** What is not the declared composition may be another HALO, unless a lemma refutes that. */
const different = (loss: AnyLoss, why: string): Condition['finding'] => {
  const witness = refutation(loss)
  return witness === undefined ? { tag: 'open', why } : { tag: 'refuted', witness: `${why}; ${witness}` }
}
