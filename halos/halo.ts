/**
 * A human-aware loss, declared. With a reward r, a reference distribution Q, a value function v, a sign s (the label) and a negative
 * affine map t,
 *
 *     L(θ) = mean over examples of  t_s( v( s · ( r_θ(x, y) − E_{(x', y') ~ Q}[ r_θ(x', y') ] ) ) )
 *
 * Ethayarajh et al. (2024), KTO: Model Alignment as Prospect Theoretic Optimization, arXiv:2402.01306v1, Definition 3.4.
 * What a trainer needs to know of the result is `Loss` (loss.ts): `name`, `needs`, `statistic`, `evaluate`.
 */
import { either as E } from 'fp-ts'
import { binary, constant, mean, mul, size, sub, type Tensor, unary } from '../core/index.ts'
import type { Affine, Judged } from './affine.ts'
import type { Completion, Everything, EvidenceOf, Kind, Needs, Part } from './evidence.ts'
import { type Checked, checked } from './flaw.ts'
import type { Loss, Outcome, Rewards, Statistic } from './loss.ts'
import { expectation, type Reference, statistic } from './reference.ts'
import { type Reward, rewardOf } from './reward.ts'
import type { Source } from './source.ts'
import type { Value } from './value.ts'

/** The parts of a HALO, each from its vocabulary. */
export interface Declaration<P extends Part, K extends Kind> {
  readonly name: string
  readonly source: Source
  readonly reward: Checked<Reward<P>>
  readonly reference: Checked<Reference<K>>
  readonly value: Checked<Value>
  readonly t: Checked<Judged<Affine>>
}

/** The evidence of a HALO whose reward reads the parts P of a completion, and whose reference is of kind K. */
export type Evidence<P extends Part, K extends Kind> = EvidenceOf<Pick<Completion, P | 'policy'>>[K]

/** A loss with its parts: they can be read, proved, printed and plotted. */
export interface Halo<P extends Part = Part, K extends Kind = Kind> extends Loss<Evidence<P, K>> {
  readonly reward: Reward<P>
  readonly reference: Reference<K>
  readonly value: Value
  readonly t: Judged<Affine>
}

/** The loss that the parts declare, or every flaw of theirs at once. */
export const halo = <P extends Part, K extends Kind>(declaration: Declaration<P, K>): Checked<Halo<P, K>> => {
  const { name, source, reward, reference, value, t } = declaration
  return E.map((parts: Parts<P, K>) => assemble(name, source, parts))(checked({ reward, reference, value, t }))
}

/** The same HALO with other parts: variants, mutations, and what the algebra makes. */
export const vary = <P extends Part, K extends Kind>(
  h: Halo<P, K>,
  changes: Partial<Parts<P, K>> & { readonly name?: string },
): Halo<P, K> => assemble(changes.name ?? h.name, h.source, { ...h, ...changes })

export type Parts<P extends Part = Part, K extends Kind = Kind> = Pick<Halo<P, K>, 'reward' | 'reference' | 'value' | 't'>

const assemble = <P extends Part, K extends Kind>(name: string, source: Source, parts: Parts<P, K>): Halo<P, K> => {
  const { reward, reference, value, t } = parts
  const r = rewardOf(reward)
  const v = unary(value.body)
  const loss = affine(t)
  const needs = needsOf(reward, reference)
  // Of everything, only what `needs` names is looked at, and the evidence has that by its type.
  const all = (evidence: Evidence<P, K>): Everything => evidence as unknown as Everything
  const evaluate = (evidence: Evidence<P, K>, pooled?: Statistic): Outcome => {
    const e = all(evidence)
    const [judged, sign] = needs.pair ? [e.chosen, constant(1)] : [e.outcome, e.label]
    const own = r(judged)
    const expected = expectation(reference, r, e, pooled)
    const surprise = mul(sign, sub(own, expected)) as Tensor<'example'>
    const losses = loss(v(surprise), sign) as Tensor<'example'>
    const rewards: Rewards = needs.pair ? { chosen: own, rejected: r(e.rejected) } : { outcome: own }
    return {
      loss: mean(losses, 'example'),
      weight: constant(size(losses, 'example')),
      losses,
      rewards,
      surprise,
      ...(reference.reach === 'example' ? {} : anchor(expected as Tensor, reward)), // what reaches further has no axes
    }
  }
  const pooling = reference.reach === 'example' ? {} : { statistic: (e: Evidence<P, K>) => statistic(reference, r, all(e)) }
  return { name, source, needs, evaluate, ...pooling, reward, reference, value, t }
}

/** The reference point, in units of reward and in nats. */
const anchor = (z0: Tensor, { scale }: Reward): Pick<Outcome, 'z0' | 'kl'> => ({ z0, kl: mul(z0, 1 / scale) })

/** t_s(v), where the sign s > 0 means desirable. */
const affine = ({ desirable, undesirable }: Judged<Affine>) =>
  binary((S) => (v, s) => {
    const by = (a: number, b: number) => (a === b ? S.of(a) : S.where(S.less(S.of(0), s), S.of(a), S.of(b)))
    return S.sub(by(desirable.shift, undesirable.shift), S.mul(by(desirable.scale, undesirable.scale), v))
  })

const needsOf = ({ reads }: Reward, { kind, reach }: Reference): Needs => ({
  pair: kind === 'pair',
  outcome: kind !== 'pair',
  label: kind === 'judged' || kind === 'unrelated',
  unrelated: kind === 'unrelated',
  reference: reads.includes('reference'),
  length: reads.includes('length'),
  history: reach === 'history',
})
