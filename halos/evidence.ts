/**
 * What a human told us, as tensors: one table, of which everything else is derived. Each row is a field of the evidence: the completions of a
 * batch, or a column of numbers, one an example. Every log-probability is that of a whole completion: summed over its tokens, in nats.
 *
 *     evidence = { chosen, rejected }  or  { outcome, label, unrelated },  and columns such as a margin
 *
 * Which evidence a loss needs follows from the reference distribution it declares; a batch that lacks some does not type-check. A new column
 * is a row of the table, and can be given in data files, trained on, exported and looked at by every part of halograd from then on.
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
export type CompletionPart = keyof Completion

/** A field that is a completion: which need asks for it, and what `cases.ts` calls its parts. */
interface CompletionField {
  readonly shape: 'completion'
  readonly need: 'pair' | 'outcome' | 'unrelated'
  readonly inputs: { readonly policy: string; readonly reference: string; readonly length: string }
}
/** A field that is a number of each example. The need that asks for it has its name. */
export interface ColumnField {
  readonly shape: 'column'
  /** Who says it: whoever judged the completion, the value head of the model, or a field of the data beside the texts. */
  readonly from: 'judgement' | 'value head' | 'data'
  /** What it is, as a sentence. */
  readonly about: string
  /** What `cases.ts` calls it. */
  readonly input: string
  /** Only numbers above 0 make sense. */
  readonly positive?: boolean
  /** What to add to "pairs" or "labels" where the needs of a loss are put into words. */
  readonly suffix?: string
}
/** A column that the data give. */
interface DataField extends ColumnField {
  readonly from: 'data'
  /** The fields of a record that it is read from. */
  readonly fields: readonly string[]
  /** The number that a record of a data file gives, if it gives one. */
  readonly read: (record: Readonly<Record<string, unknown>>) => number | undefined
  /** What to do where an example has none. */
  readonly advice: string
}

const completion = <N extends CompletionField['need']>(need: N, infix: string, length: string) =>
  ({ shape: 'completion', need, inputs: { policy: `policy_${infix}logps`, reference: `ref_${infix}logps`, length } }) as const

/** Every field that evidence can have. */
export const evidenceFields = {
  /** The completion of a pair that was preferred. */
  chosen: completion('pair', 'chosen_', 'chosen_lengths'),
  /** The completion of a pair that was not. */
  rejected: completion('pair', 'rejected_', 'rejected_lengths'),
  /** A completion that is judged, or shown to be imitated. */
  outcome: completion('outcome', '', 'lengths'),
  /** +1 where the outcome is desirable, −1 where it is not; an advantage is a label too: its magnitude weighs the example. */
  label: {
    shape: 'column',
    from: 'judgement',
    about: '+1 desirable, -1 undesirable; or an advantage, whose size is a weight.',
    input: 'labels',
  },
  /** A mismatched completion: it answers another prompt of the batch, but is scored after the outcome's. */
  unrelated: completion('unrelated', 'KL_', 'KL_lengths'),
  /** V(x) of the outcome's prompt: the label that a value head expects. Where it is absent, it is 0. */
  value: {
    shape: 'column',
    from: 'value head',
    about: 'What a value head expects of the label.',
    input: 'values',
    suffix: ', with a value head',
  },
  /** R(x, y_w) − R(x, y_l): by how much the chosen completion of a pair is better, in the scores of a judge. */
  margin: {
    shape: 'column',
    from: 'data',
    about: 'By how much a chosen completion is better, in the scores of a judge.',
    input: 'margins',
    positive: true,
    suffix: ' with scores',
    fields: ['margin', 'chosen_score', 'rejected_score'],
    read: ({ margin, chosen_score: better, rejected_score: worse }) =>
      typeof margin === 'number' ? margin : typeof better === 'number' && typeof worse === 'number' ? better - worse : undefined,
    advice: 'Give each pair "margin": the score of the chosen completion less that of the rejected one; or use DPO.',
  },
  /** How much people disagree about the prompt, from 0 (not at all) to 1 (a coin decides): the normalised entropy of the reference model on it. */
  dispersion: {
    shape: 'column',
    from: 'data',
    about: 'How much people disagree about a prompt, from 0 (not at all) to 1 (a coin decides).',
    input: 'dispersions',
    positive: true,
    suffix: ' with the dispersion of their prompts',
    fields: ['dispersion'],
    read: ({ dispersion }) => (typeof dispersion === 'number' ? dispersion : undefined),
    advice:
      'Give each pair "dispersion", in (0, 1]: the entropy of the reference model on its prompt, over log of the vocabulary; or use DPO.',
  },
  /** K a: the share of this answer among the K answers of its prompt, a softmax of their scores, times K. */
  share: {
    shape: 'column',
    from: 'data',
    about: 'The share of an answer among the K answers of its prompt, a softmax of their scores, times K.',
    input: 'shares',
    positive: true,
    suffix: ' with shares',
    fields: ['share'],
    read: ({ share }) => (typeof share === 'number' ? share : undefined),
    advice: 'Give each answer "share": K · softmax(scores/α) over the K answers of its prompt; or use KTO, with labels.',
  },
} as const satisfies Readonly<Record<string, CompletionField | (ColumnField & { readonly from: 'judgement' | 'value head' }) | DataField>>

type EvidenceFieldTable = typeof evidenceFields
type FieldsWhere<Row> = {
  readonly [F in keyof EvidenceFieldTable]: EvidenceFieldTable[F] extends Row ? F : never
}[keyof EvidenceFieldTable]
/** The completions that evidence is made of. */
export type EvidenceRole = FieldsWhere<{ readonly shape: 'completion' }>
/** The fields that are numbers, one an example. */
export type EvidenceColumn = FieldsWhere<{ readonly shape: 'column' }>
/** The columns that data files give beside the texts. */
export type DataColumn = FieldsWhere<{ readonly from: 'data' }>

const names = Object.keys(evidenceFields) as (keyof EvidenceFieldTable)[] // an object literal of these keys
/** Every role, in the order of the table. */
export const roles: readonly EvidenceRole[] = names.filter((name): name is EvidenceRole => evidenceFields[name].shape === 'completion')
/** Every column, in the order of the table. */
export const columns: readonly EvidenceColumn[] = names.filter((name): name is EvidenceColumn => evidenceFields[name].shape === 'column')
/** Every column that data files give. */
export const dataColumns: readonly DataColumn[] = columns.filter((name): name is DataColumn => evidenceFields[name].from === 'data')
/** The fields of a record that some column is read from. */
export const dataFields: readonly string[] = dataColumns.flatMap((name) => evidenceFields[name].fields)
/** What `of` makes of each of these fields, without those of which it makes nothing. */
export const collect = <K extends string, T>(fields: readonly K[], of: (field: K) => T | undefined): { readonly [F in K]?: T } => {
  const found: { [F in K]?: T } = {}
  for (const field of fields) {
    const value = of(field)
    if (value !== undefined) found[field] = value
  }
  return found
}

/** +1 where the completion is desirable, −1 where it is undesirable. An advantage is a label, too: its magnitude weighs the example. */
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
export type EvidenceKind = keyof EvidenceOf<unknown>

/** The evidence of a HALO whose reward reads the parts P of a completion, and whose reference is of kind K. */
export type Evidence<P extends CompletionPart, K extends EvidenceKind> = EvidenceOf<Pick<Completion, P | 'policy'>>[K]

/** All the evidence there can be. Every loss accepts it, because `Loss<E>` is contravariant in E. */
export type Everything = { readonly [R in EvidenceRole]: Completion } & { readonly label: Label } & {
  readonly [C in Exclude<EvidenceColumn, 'label'>]?: Tensor<'example'>
}

/** The same at run time: what a trainer must put into a batch. Exactly one of `pair` and `outcome` is true; a column's need has its name. */
export type Needs = { readonly [N in EvidenceFieldTable[EvidenceRole]['need'] | EvidenceColumn]: boolean } & {
  /** `reference` in every completion: the reference model must be run. */
  readonly reference: boolean
  /** `length` in every completion. */
  readonly length: boolean
  /** `policy` is the number R_φ(x, y) of a reward model, which the model must be. */
  readonly reward: boolean
  /** The pooled statistic is carried from step to step: each batch's is added to the sum of all earlier ones. */
  readonly history: boolean
  /** The prompt says the label, by a control token before the completion. */
  readonly control: boolean
}

const needOf = (name: keyof EvidenceFieldTable): keyof Needs => {
  const field = evidenceFields[name]
  return field.shape === 'completion' ? field.need : (name as EvidenceColumn)
}
const isJudged = (name: keyof EvidenceFieldTable): boolean => {
  const field = evidenceFields[name]
  return field.shape === 'completion' || field.from === 'judgement'
}
/** In the order in which reports name them: what people judge, what models say of completions, and what comes beside. */
const nothing = Object.fromEntries(
  [
    ...names.filter(isJudged).map(needOf),
    ...['reference', 'length'],
    ...names.filter((name) => !isJudged(name)).map(needOf),
    ...['reward', 'history', 'control'],
  ].map((name) => [name, false]),
) as Needs // every need is named
/**
 * Needs: these, and no others. Every loss reads log π_θ; `policy` may be named and is ignored.
 * @example
 * ```ts
 * import { needing } from 'halograd/halos'
 * const { pair, reference, outcome } = needing('pair', 'policy', 'reference')
 * console.log(pair, reference, outcome) // true true false
 * ```
 */
export const needing = (...named: readonly (keyof Needs | CompletionPart)[]): Needs => ({
  ...nothing,
  ...Object.fromEntries(named.filter((name) => Object.hasOwn(nothing, name)).map((name) => [name, true])),
})

/** The completions that are asked for. */
export const rolesOf = (needs: Needs): readonly EvidenceRole[] => roles.filter((role) => needs[evidenceFields[role].need])
/** The columns that are asked for. */
export const columnsOf = (needs: Needs): readonly EvidenceColumn[] => columns.filter((column) => needs[column])

/**
 * A batch lacks evidence that a loss needs; the message names everything that is missing.
 * @example
 * ```ts
 * import { EvidenceError } from 'halograd/halos'
 * export const missing = (evaluate: () => unknown): string | undefined => {
 *   try {
 *     evaluate()
 *   } catch (error) {
 *     if (error instanceof EvidenceError) return error.message
 *     throw error
 *   }
 *   return undefined
 * }
 * ```
 */
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
  const parts: readonly CompletionPart[] = (['policy', 'reference', 'length'] as const).filter((part) => part === 'policy' || needs[part])
  const missing = [
    ...rolesOf(needs).flatMap((role) => parts.filter((part) => evidence[role]?.[part] === undefined).map((part) => `${role}.${part}`)),
    ...columnsOf(needs).filter((column) => evidence[column] === undefined),
  ]
  if (missing.length > 0) throw new EvidenceError(`${loss.name} needs ${missing.join(', ')}, which the batch does not have`)
  return evidence as Everything // all that `needs` names is there, and a loss looks at nothing else
}
