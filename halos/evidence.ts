/**
 * What a human told us, as tensors. Every log-probability is that of a whole completion: summed over its tokens, in nats.
 * Which evidence a loss needs follows from the reference distribution it declares; a batch that lacks some does not type-check.
 */
import type { Tensor } from '../core/index.ts'

/** A completion y of a prompt x, one per example. */
export interface Completion {
  /** log π_θ(y|x), under the policy that is being trained. */
  readonly policy: Tensor<'example'>
  /** log π_ref(y|x), under the frozen reference model. */
  readonly reference: Tensor<'example'>
  /** log π_old(y|x), under the policy that sampled y, for clipped policy gradients. Absent where that was the reference model. */
  readonly old?: Tensor<'example'>
  /** The number of tokens of y. */
  readonly length: Tensor<'example'>
}
export type Part = keyof Completion

/** +1 where the completion is desirable, −1 where it is undesirable. An advantage is a label too: its magnitude weighs the example. */
export type Label = Tensor<'example'>

/** The evidence that each kind of reference point asks for, for completions of which the reward reads `C`. */
export interface EvidenceOf<C> {
  /** A pair: the completion that was preferred, and the one that was not. */
  readonly pair: { readonly chosen: C; readonly rejected: C }
  /** A judged completion, and a mismatched one: y' answers another prompt x' of the batch, but is scored after x. */
  readonly unrelated: { readonly outcome: C; readonly label: Label; readonly unrelated: C }
  /** A judged completion alone. */
  readonly judged: { readonly outcome: C; readonly label: Label }
}
/** The kinds of evidence: pairs; judged completions with mismatched ones; judged completions alone. */
export type Kind = keyof EvidenceOf<unknown>

/** The evidence of a HALO whose reward reads the parts P of a completion, and whose reference is of kind K. */
export type Evidence<P extends Part, K extends Kind> = EvidenceOf<Pick<Completion, P | 'policy'>>[K]

/** All the evidence there can be. Every loss accepts it, because `Loss<E>` is contravariant in E. */
export interface Everything {
  readonly chosen: Completion
  readonly rejected: Completion
  readonly outcome: Completion
  readonly label: Label
  readonly unrelated: Completion
  /** V(x) of the outcome's prompt: the label that a value head expects. Where it is absent, it is 0. */
  readonly value?: Tensor<'example'>
  /** R(x, y_w) − R(x, y_l): by how much the chosen completion of a pair is better, in the scores of a judge. */
  readonly margin?: Tensor<'example'>
}

/** The same at run time: what a trainer must put into a batch. Exactly one of `pair` and `outcome` is true. */
export interface Needs {
  /** `chosen` and `rejected`. */
  readonly pair: boolean
  /** `outcome`. */
  readonly outcome: boolean
  /** `label`. */
  readonly label: boolean
  /** `unrelated`: a mismatched completion per example. */
  readonly unrelated: boolean
  /** `reference` in every completion: the reference model must be run. */
  readonly reference: boolean
  /** `length` in every completion. */
  readonly length: boolean
  /** `value`: the model must have a value head. */
  readonly value: boolean
  /** `margin`: pairs must say by how much the chosen completion is better. */
  readonly margin: boolean
  /** `policy` is the number R_φ(x, y) of a reward model, which the model must be. */
  readonly reward: boolean
  /** The pooled statistic is carried from step to step: each batch's is added to the sum of all earlier ones. */
  readonly history: boolean
  /** The prompt says the label, by a control token before the completion. */
  readonly control: boolean
}

const nothing: Needs = {
  ...{ pair: false, outcome: false, label: false, unrelated: false, reference: false },
  ...{ length: false, value: false, margin: false, reward: false, history: false, control: false },
}
/** These needs, and no others. Every loss reads log π_θ, so that `policy` need not be said, but may be. */
export const needing = (...named: readonly (keyof Needs | Part)[]): Needs => ({
  ...nothing,
  ...Object.fromEntries(named.filter((name) => Object.hasOwn(nothing, name)).map((name) => [name, true])),
})

/** The completions that evidence is made of. */
export type Role = 'outcome' | 'chosen' | 'rejected' | 'unrelated'

/** The batch lacks what the loss needs. */
export class EvidenceError extends TypeError {
  override readonly name = 'EvidenceError'
}

/** Evidence put together at run time, of which some may be absent. */
export type Incomplete = { readonly [K in keyof Everything]?: Everything[K] extends Completion ? Partial<Completion> : Everything[K] }

/**
 * The evidence, if it holds all that the loss needs. Where the statistic of the whole batch is known, unrelated completions are not asked for.
 * @throws EvidenceError naming everything that is missing
 */
export const supply = (loss: { readonly name: string; readonly needs: Needs }, evidence: Incomplete, pooled?: object): Everything => {
  const needs = pooled === undefined ? loss.needs : { ...loss.needs, unrelated: false }
  const roles: readonly Role[] = (['outcome', 'chosen', 'rejected', 'unrelated'] as const).filter((role) =>
    role === 'chosen' || role === 'rejected' ? needs.pair : needs[role],
  )
  const parts: readonly Part[] = (['policy', 'reference', 'length'] as const).filter((part) => part === 'policy' || needs[part])
  const missing = [
    ...roles.flatMap((role) => parts.filter((part) => evidence[role]?.[part] === undefined).map((part) => `${role}.${part}`)),
    ...(needs.label && evidence.label === undefined ? ['label'] : []),
    ...(needs.value && evidence.value === undefined ? ['value'] : []),
    ...(needs.margin && evidence.margin === undefined ? ['margin'] : []),
  ]
  if (missing.length > 0) throw new EvidenceError(`${loss.name} needs ${missing.join(', ')}, which the batch does not have`)
  return evidence as Everything // all that `needs` names is there, and a loss looks at nothing else
}
