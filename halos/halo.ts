/**
 * A human-aware loss, declared. With a reward r, a reference distribution Q, a value function v, a sign s (the label) and a negative
 * affine map t (and a = |label|, which is 1 for a judgement and |A| for an advantage; and, where declared, a inverse temperature τ_s > 0),
 *
 *     L(θ) = mean over examples of  a · t_s( v( τ_s · s · ( r_θ(x, y) − E_{(x', y') ~ Q}[ r_θ(x', y') ] ) ) )
 *
 * Ethayarajh et al. (2024), KTO: Model Alignment as Prospect Theoretic Optimization, arXiv:2402.01306v1, Definition 3.4.
 * What a trainer needs to know of the result is `Loss` (loss.ts): `name`, `needs`, `statistic`, `evaluate`.
 */
import { either as E } from 'fp-ts'
import { binary, derivative, mul, numbers, type Scalar, sub, type Tensor, unary } from '../core/index.ts'
import { constant } from '../core/internal.ts'
import { type Affine, type ByJudgement, isAffine } from './affine.ts'
import { type CompletionPart, type Everything, type Evidence, type EvidenceKind, type Needs, needing } from './evidence.ts'
import { type Loss, meanOf, type Outcome, type Statistic } from './loss.ts'
import { expectation, isReference, pools, type Reference, statistic } from './reference.ts'
import { isReward, type Reward, rewardOf } from './reward.ts'
import { type TextSource, unpublished } from './source.ts'
import { type Checked, checked, invalid, positive, valid, within } from './validation.ts'
import { isValue, type ValueFunction } from './value.ts'

/** What `halo` is given: the name of a loss, its source, and its parts, each from its vocabulary. */
export interface Declaration<P extends CompletionPart, K extends EvidenceKind> {
  readonly name: string
  /** Default: unpublished. */
  readonly source?: TextSource
  readonly reward: Checked<Reward<P>>
  readonly reference: Checked<Reference<K>>
  readonly value: Checked<ValueFunction>
  readonly t: Checked<ByJudgement<Affine>>
  /** How sharply each label is felt, τ_s: v(τ_s z) is a value function if v is. Default: 1. */
  readonly inverseTemperature?: Checked<ByJudgement<number>>
}

/** A loss with its parts: they can be read, proved, printed and plotted. */
export interface Halo<P extends CompletionPart = CompletionPart, K extends EvidenceKind = EvidenceKind> extends Loss<Evidence<P, K>> {
  readonly kind: 'halo'
  readonly reward: Reward<P>
  readonly reference: Reference<K>
  readonly value: ValueFunction
  readonly t: ByJudgement<Affine>
  readonly inverseTemperature: ByJudgement<number>
}

/**
 * The loss L = mean of a·t_s(v(τ_s·s·(r − E_Q r))) that the parts declare. KTO paper (arXiv:2402.01306), Definition 3.4.
 *
 * Parts come from constructors (`logRatio`, `policy`, `value`, `always`, …); objects written by hand are refused. A HALO need not satisfy
 * the definition: `verify` proves or refutes that.
 * @returns the loss, or every error of the parts at once
 * @example
 * ```ts
 * import { always, getOrThrow, halo, logRatio, negation, policy, value, verify } from 'halograd/halos'
 * const mine = getOrThrow(
 *   halo({ name: 'mine', reward: logRatio(0.1), reference: policy(), value: value('tanh z', (S) => S.tanh), t: always(negation) }),
 * )
 * console.log(verify(mine).verdict) // HALO
 * ```
 */
export const halo = <P extends CompletionPart, K extends EvidenceKind>(declaration: Declaration<P, K>): Checked<Halo<P, K>> => {
  const {
    name,
    source = unpublished(declaration.name),
    reward,
    reference,
    value,
    t,
    inverseTemperature = valid({ desirable: 1, undesirable: 1 }),
  } = declaration
  const parts = E.chain(anchored<P, K>)(
    checked({
      reward: known('reward', isReward, 'logRatio(β)', reward),
      reference: known('reference', isReference, 'policy()', reference),
      value: known('value', isValue, 'value(name, body)', value),
      t: E.chain(knownMaps)(t),
      inverseTemperature: E.chain(finiteTemperatures)(inverseTemperature),
    }),
  )
  return E.map((sound: Parts<P, K>) => assemble(name, source, sound))(parts)
}
const constructors = (example: string): string => `what a constructor of the vocabulary makes, such as ${example}`
const known = <T extends { readonly name: string }>(
  field: string,
  has: (part: T) => boolean,
  example: string,
  part: Checked<T>,
): Checked<T> =>
  E.chain((made: T): Checked<T> => (has(made) ? valid(made) : invalid(field, constructors(example), `'${made.name}', written by hand`)))(
    part,
  )
const knownMaps = (t: ByJudgement<Affine>): Checked<ByJudgement<Affine>> =>
  isAffine(t.desirable) && isAffine(t.undesirable) ? valid(t) : invalid('t', constructors('affine(shift, scale)'), JSON.stringify(t))
const finiteTemperatures = ({ desirable, undesirable }: ByJudgement<number>): Checked<ByJudgement<number>> =>
  within('inverseTemperature', checked({ desirable: positive('desirable', desirable), undesirable: positive('undesirable', undesirable) }))
/**
 * The parts of a HALO that no constructor of this module made, by name. Nothing is known of such parts: a HALO that has any is undecided.
 * @example
 * ```ts
 * import { dpo, foreign, getOrThrow, vary } from 'halograd/halos'
 * const loss = getOrThrow(dpo())
 * console.log(foreign(loss)) // []
 * console.log(foreign(vary(loss, { value: { ...loss.value, name: 'copied' } }))) // [ 'the value copied' ]
 * ```
 */
export const foreign = ({ reward, reference, value, t }: Parts): readonly string[] => [
  ...(isReward(reward) ? [] : [`the reward ${reward.name}`]),
  ...(isReference(reference) ? [] : [`the reference ${reference.name}`]),
  ...(isValue(value) ? [] : [`the value ${value.name}`]),
  ...(isAffine(t.desirable) && isAffine(t.undesirable) ? [] : ['t']),
]

/** A reward that is never on both sides of its anchor has no gains. */
const anchored = <P extends CompletionPart, K extends EvidenceKind>(parts: Parts<P, K>): Checked<Parts<P, K>> =>
  (parts.reference.over === 'none' || parts.reference.over === 'sampler') && parts.reward.centre === undefined
    ? invalid(
        'reference',
        `a reference point other than ${parts.reference.name}, which separates gains from losses for rewards of u only`,
        parts.reward.name,
      )
    : valid(parts)

/**
 * The same HALO with some parts, or its name, replaced. What it needs and computes follows from the new parts.
 * @example
 * ```ts
 * import { dpo, getOrThrow, linear, vary, verify } from 'halograd/halos'
 * const flat = vary(getOrThrow(dpo()), { name: 'DPO without saturation', value: getOrThrow(linear) })
 * console.log(flat.value.name, verify(flat).verdict) // z HALO
 * ```
 */
export const vary = <P extends CompletionPart, K extends EvidenceKind>(
  h: Halo<P, K>,
  changes: Partial<Parts<P, K>> & { readonly name?: string },
): Halo<P, K> => assemble(changes.name ?? h.name, h.source, { ...h, ...changes })

/** The parts of a HALO that can be replaced: see `vary`. */
export type Parts<P extends CompletionPart = CompletionPart, K extends EvidenceKind = EvidenceKind> = Pick<
  Halo<P, K>,
  'reward' | 'reference' | 'value' | 't' | 'inverseTemperature'
>

const assemble = <P extends CompletionPart, K extends EvidenceKind>(name: string, source: TextSource, parts: Parts<P, K>): Halo<P, K> => {
  const { reward, reference, value, t, inverseTemperature } = parts
  const r = rewardOf(reward)
  const [v, slope] = [unary(value.body), unary(derivative(value.body))]
  const [scaled, loss] = [inverseTemperatureOf(inverseTemperature), affineOf(t)]
  const needs = needsOf(reward, reference)
  // Of everything, only what `needs` names is looked at, and the evidence has that by its type.
  const all = (evidence: Evidence<P, K>): Everything => evidence as unknown as Everything
  const evaluate = (evidence: Evidence<P, K>, pooled?: Statistic): Outcome => {
    const e = all(evidence)
    const [judged, label] = needs.pair ? [e.chosen, constant(1)] : [e.outcome, e.label]
    const own = r(judged)
    const expected = expectation(reference, r, reward.centre, e, pooled)
    const relativeReward = mul(sign(label), sub(own, expected)) as Tensor<'example'>
    const losses = mul(magnitude(label), loss(v(scaled(relativeReward, label)), label)) as Tensor<'example'>
    return {
      ...meanOf(losses),
      rewards: needs.pair ? { chosen: own, rejected: r(e.rejected) } : { outcome: own },
      relativeReward,
      steepness: magnitude(mul(slope(scaled(relativeReward, label)), 1 / derivative(value.body)(numbers)(0))) as Tensor<'example'>,
      ...(pools(reference) && pointOf(expected as Tensor, reward)), // one number for the batch has no axes
    }
  }
  const pooling = pools(reference) && { statistic: (e: Evidence<P, K>) => statistic(reference, r, all(e)) }
  return { kind: 'halo', name, source, needs, evaluate, ...pooling, ...{ reward, reference, value, t, inverseTemperature } }
}

const sign = unary((S) => (label) => S.where(S.less(S.of(0), label), S.of(1), S.of(-1)))
const magnitude = unary((S) => (label) => S.max(label, S.mul(S.of(-1), label)))
/** The reference point, in units of reward and in nats. */
const pointOf = (z0: Tensor, { scale }: Reward): Pick<Outcome, 'z0' | 'kl'> => ({ z0, kl: mul(z0, 1 / scale) })

/** One number or the other, by the label. */
const either = <A>(S: Scalar<A>, label: A, { desirable, undesirable }: ByJudgement<number>): A =>
  desirable === undesirable ? S.of(desirable) : S.where(S.less(S.of(0), label), S.of(desirable), S.of(undesirable))
const inverseTemperatureOf = (inverseTemperature: ByJudgement<number>) =>
  binary((S) => (z, label) => S.mul(either(S, label, inverseTemperature), z))
/** t_s(v). */
const affineOf = ({ desirable, undesirable }: ByJudgement<Affine>) =>
  binary((S) => (v, label) => {
    const shift = either(S, label, { desirable: desirable.shift, undesirable: undesirable.shift })
    return S.sub(shift, S.mul(either(S, label, { desirable: desirable.scale, undesirable: undesirable.scale }), v))
  })

const evidenceOf: { readonly [K in EvidenceKind]: readonly (keyof Needs)[] } = {
  pair: ['pair'],
  unrelated: ['outcome', 'label', 'unrelated'],
  judged: ['outcome', 'label'],
}
const needsOf = ({ reads, explicit = false }: Reward, { kind, reach }: Reference): Needs =>
  needing(...evidenceOf[kind], ...reads, ...when(reach === 'history', 'history'), ...when(explicit, 'reward'))
const when = <N extends keyof Needs>(needed: boolean, name: N): readonly N[] => (needed ? [name] : [])
