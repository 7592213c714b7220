/**
 * The algebra of HALOs: what keeps a loss human-aware by construction, and refusals where it would not be one any more.
 *
 * Values form a convex cone, closed under moving and stretching the point of reference and under concave non-decreasing maps;
 * the t's compose with increasing affine maps; a loss is contravariant in its evidence. Sums over different (r, Q), and margins
 * under which v is not concave, leave the class.
 */
import { either as E } from 'fp-ts'
import { add, div, equal, mul, type Tensor, type Unary } from '../core/index.ts'
import { type Interval, javascript } from '../core/internal.ts'
import { type Affine, affine, type ByJudgement, byLabel, eachAffine } from './affine.ts'
import { type CompletionPart, type EvidenceKind, type Needs, needing } from './evidence.ts'
import { type Halo, vary } from './halo.ts'
import { type Loss, summed, type Term } from './loss.ts'
import { nonNegativeSetting, type Parameter } from './parameters.ts'
import { type Claim, concave, type Decision, decide, enclose, nonDecreasing, type ProofSubject, subjectOf } from './prove.ts'
import type { TextSource } from './source.ts'
import type { Stated, Terms } from './stated.ts'
import { type Checked, checked, invalid, positive, valid } from './validation.ts'
import { makeValue, type ValueFunction } from './value.ts'

type Same = <P extends CompletionPart, K extends EvidenceKind>(h: Halo<P, K>) => Checked<Halo<P, K>>
/**
 * The HALO k·L.
 * @param k a finite number above 0
 * @returns a function from a HALO to k·L, or to the error of k
 * @example
 * ```ts
 * import { getOrThrow, kto, scale } from 'halograd/halos'
 * const doubled = getOrThrow(scale(2)(getOrThrow(kto())))
 * console.log(doubled.name, doubled.t.desirable.scale) // 2 · KTO 2
 * ```
 */
export const scale =
  (k: number): Same =>
  (h) =>
    E.chain((by: number) =>
      E.map((t: ByJudgement<Affine>) => vary(h, { name: `${by} · ${h.name}`, t }))(
        eachAffine(({ shift, scale: a }) => affine(by * shift, by * a), h.t),
      ),
    )(positive('scale', k))

/**
 * The HALO L + c: another loss with the same gradient.
 * @param c a finite number
 * @returns a function from a HALO to L + c, or to the error of c
 * @example
 * ```ts
 * import { dpo, getOrThrow, shift } from 'halograd/halos'
 * console.log(getOrThrow(shift(3)(getOrThrow(dpo()))).t.desirable.shift) // 3
 * ```
 */
export const shift =
  (c: number): Same =>
  (h) =>
    E.map((t: ByJudgement<Affine>) => vary(h, { t }))(eachAffine((t) => affine(t.shift + c, t.scale), h.t))

/**
 * The HALO with v(βz) in place of v(z): another inverse temperature.
 * @param beta a finite number above 0
 * @returns a function from a HALO to the stretched one, or to the error of β
 * @example
 * ```ts
 * import { dpo, getOrThrow, stretch } from 'halograd/halos'
 * console.log(getOrThrow(stretch(2)(getOrThrow(dpo()))).inverseTemperature.desirable) // 2
 * ```
 */
export const stretch =
  (beta: number): Same =>
  (h) =>
    E.map((inverseTemperature: ByJudgement<number>) => vary(h, { inverseTemperature }))(
      checked({
        desirable: positive('stretch', beta * h.inverseTemperature.desirable),
        undesirable: positive('stretch', beta * h.inverseTemperature.undesirable),
      }),
    )

const compose =
  (outer: Unary, inner: Unary): Unary =>
  (S) =>
  (z) =>
    outer(S)(inner(S)(z))
/** v(z + c) for a setting c of its own, and the name of it. */
const moved = ({ name, text, parameters }: ValueFunction, c: Parameter, symbol: string): ValueFunction => {
  const [key, by] = [`${symbol}${Object.keys(parameters).length}`, c.value]
  return makeValue(`${name} at z ${by < 0 ? '−' : '+'} ${Math.abs(by)}`, (S) => (z, given) => text(S)(S.add(z, given[key]!), given), {
    ...parameters,
    [key]: c,
  })
}

/**
 * The HALO with v(z + c) in place of v(z): the point of reference moves towards losses. It stays a HALO, as v is concave on (c, ∞).
 * @param c a finite number, at least 0, in units of reward
 * @returns a function from a HALO to the advanced one, or to the error of c
 * @example
 * ```ts
 * import { advance, dpo, getOrThrow, verify } from 'halograd/halos'
 * console.log(verify(getOrThrow(advance(1)(getOrThrow(dpo())))).verdict) // HALO
 * ```
 */
export const advance =
  (c: number): Same =>
  (h) =>
    E.map((by: Parameter) => vary(h, { value: moved(h.value, by, 'c') }))(nonNegativeSetting('advance', 'c', c))

/** Why not. */
const said = (decision: Decision): string => {
  if (decision.tag === 'refuted') return `refuted at z = ${decision.witness.join(', ')}: ${decision.why}`
  return decision.tag === 'open' ? `undecided: ${decision.why}` : 'proved'
}

/**
 * The HALO with v(z − γ) in place of v(z): a gain must exceed a margin (SimPO's γ, arXiv:2405.14734). It stays a HALO only where v is
 * concave on (−γ, ∞), which is proved here; otherwise the margin is refused: log σ has one, σ has none.
 * @param gamma a finite number, at least 0, in units of reward
 * @returns a function from a HALO to the one with the margin, or to the reason why not
 * @example
 * ```ts
 * import { dpo, getOrThrow, kto, margin } from 'halograd/halos'
 * import { either } from 'fp-ts'
 * console.log(either.isRight(margin(0.5)(getOrThrow(dpo())))) // true
 * console.log(either.isRight(margin(0.5)(getOrThrow(kto())))) // false
 * ```
 */
export const margin =
  (gamma: number): Same =>
  (h) =>
    E.chain((by: Parameter): Checked<typeof h> => {
      const γ = by.value
      if (γ === 0) return valid(h)
      const decision = decide(h.value.body, concave, [-γ, Number.POSITIVE_INFINITY])
      if (decision.tag !== 'proved')
        return invalid('margin', `v = ${h.value.name} concave on (${-γ}, ∞), so that it stays concave on gains`, said(decision))
      const less: Parameter = { value: -γ, range: [-Number.MAX_VALUE, 0], says: 'γ ≥ 0' }
      return valid(vary(h, { name: `${h.name}, margin ${γ}`, value: moved(h.value, less, 'γ') }))
    })(nonNegativeSetting('margin', 'γ', gamma))

/**
 * The HALO with g ∘ v in place of v, for a function g that is proved non-decreasing and concave on `range`, in which v must lie on the
 * whole line.
 * @param name what g is called
 * @param g in the scalar language
 * @param range where g is proved; v must not leave it
 * @returns a function from a HALO to the composed one, or to the reason why not
 * @example
 * ```ts
 * import { getOrThrow, kto, post, verify } from 'halograd/halos'
 * const root = post('√', (S) => S.sqrt, [0, 1]) // σ lies in [0, 1]
 * console.log(verify(getOrThrow(root(getOrThrow(kto())))).verdict) // HALO
 * ```
 */
export const post =
  (name: string, g: Unary, range: Interval): Same =>
  (h) => {
    for (const claim of [nonDecreasing, concave] satisfies readonly Claim[]) {
      const decision = decide(g, claim, range)
      if (decision.tag !== 'proved') return invalid('post', `${name} ${claim.name} on [${range.join(', ')}]`, said(decision))
    }
    const [low, high] = rangeOf(h.value.body)
    if (low < range[0] || high > range[1])
      return invalid(
        'post',
        `a value between ${range[0]} and ${range[1]}, where ${name} is known`,
        `${h.value.name}, from ${low} to ${high}`,
      )
    return valid(vary(h, { value: makeValue(`${name}(${h.value.name})`, compose(g, h.value.body)) }))
  }
/** The least and the greatest value, as far as enclosures tell. */
const rangeOf = (body: Unary): Interval =>
  E.match(
    (): Interval => [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    (subject: ProofSubject) => enclose(subject)([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]).value,
  )(subjectOf(body))

/** What is the same reward, and the same reference, is told by what they do: two may go by one name. */
const rewardText = ({ reward }: Pick<Halo, 'reward'>): string => reward.body(javascript)('p', 'q', 'n')
const referenceText = ({ reference, reward }: Pick<Halo, 'reference' | 'reward'>): string => JSON.stringify([reference, reward.centre])

/**
 * The HALO L₁ + L₂, whose value function is a₁v₁ + a₂v₂. Both must have the same reward, reference and inverse temperature, and weigh the
 * labels in one proportion: over different (r, Q) there is no single reference point, and the sum is refused.
 * @returns a function from the second HALO to the sum, or to the reason why not
 * @example
 * ```ts
 * import { dpo, getOrThrow, hinge, plus, vary } from 'halograd/halos'
 * const loss = getOrThrow(dpo())
 * const both = plus(loss)(vary(loss, { name: 'hinge', value: getOrThrow(hinge(1)) }))
 * console.log(getOrThrow(both).value.name) // log σ(z) + 1 min(0, z − 1)
 * ```
 */
export const plus =
  <P extends CompletionPart, K extends EvidenceKind>(one: Halo<P, K>) =>
  (other: Halo<P, K>): Checked<Halo<P, K>> => {
    for (const [part, read] of [
      ['reward', rewardText],
      ['reference', referenceText],
    ] as const)
      if (read(one) !== read(other)) return invalid('plus', `one ${part}, ${one[part].name}`, other[part].name)
    const [a, b] = [one.t, other.t]
    const equalTemper =
      one.inverseTemperature.desirable === other.inverseTemperature.desirable &&
      one.inverseTemperature.undesirable === other.inverseTemperature.undesirable
    const proportional = a.desirable.scale * b.undesirable.scale === a.undesirable.scale * b.desirable.scale
    if (!equalTemper || !proportional) return invalid('plus', 'labels weighed in one proportion', `${one.name} and ${other.name}`)
    const [v, w, k] = [one.value, other.value, b.desirable.scale / a.desirable.scale]
    const sum: Unary = (S) => (z) => S.add(v.body(S)(z), S.mul(S.of(k), w.body(S)(z)))
    const both = (x: Affine, y: Affine): Checked<Affine> => affine(x.shift + y.shift, x.scale)
    return E.map((t: ByJudgement<Affine>) =>
      vary(one, { name: `${one.name} + ${other.name}`, value: makeValue(`${v.name} + ${k} ${w.name}`, sum), t }),
    )(byLabel({ desirable: both(a.desirable, b.desirable), undesirable: both(a.undesirable, b.undesirable) }))
  }

// ------------------------------------------------------------------ mixtures

/**
 * The sum Σ wₖ Lₖ of any losses of the same evidence: in general not a HALO, and stated as such. It reports the rewards of its first HALO.
 * @param name of the sum
 * @param source where it was published; `unpublished(name)` for your own
 * @param terms weights and losses; at most one may pool a statistic over the batch, as there is one `pooled` to evaluate the sum with
 * @param because why no declaration exists; default: the terms compare different rewards
 * @returns the sum, or the reason why not
 * @example
 * ```ts
 * import { dpo, getOrThrow, seenByPairs, sft, unpublished, weighted } from 'halograd/halos'
 * const sum = weighted('DPO + SFT', unpublished('DPO + SFT'), [
 *   [1, getOrThrow(dpo())],
 *   [0.1, seenByPairs(getOrThrow(sft()))],
 * ])
 * console.log(getOrThrow(sum).needs.pair) // true
 * ```
 */
export const weighted = <E>(
  name: string,
  source: TextSource,
  terms: readonly (readonly [weight: number, loss: Loss<E>])[],
  because?: string,
): Checked<Stated<E>> => {
  if (terms.length === 0) return invalid('weighted', 'at least one term', 0)
  const names = terms.map(([, loss]) => loss.name).join(', ')
  const [pooling, another] = terms.flatMap(([, { statistic }]) => statistic ?? [])
  if (another !== undefined) return invalid('weighted', 'at most one term whose reference point is a statistic of the batch', names)
  return valid({
    ...{ kind: 'stated', name, source },
    terms: terms as unknown as Terms, // only to be printed
    needs: needing(...terms.flatMap(([, { needs }]) => (Object.keys(needs) as (keyof Needs)[]).filter((need) => needs[need]))),
    because: because ?? `several references: ${names} compare different rewards, or with different reference points`,
    ...(pooling && { statistic: pooling }),
    evaluate: (evidence, pooled) => {
      const outcomes = terms.map(([, loss]) => loss.evaluate(evidence, pooled))
      const parts = outcomes.flatMap((outcome, i) =>
        outcome.terms.map(({ name = terms[i]![1].name, numerator, denominator }) => ({
          ...{ name, denominator },
          numerator: mul(numerator, terms[i]![0]) as Tensor<'example'>,
        })),
      )
      const judged = outcomes.find(({ relativeReward }) => relativeReward !== undefined) ?? outcomes[0]!
      const pooling = outcomes.find(({ z0 }) => z0 !== undefined)
      return {
        ...pooling,
        ...judged,
        ...summed(
          parts.map(own).reduce((x, y) => add(x, y) as Tensor<'example'>),
          ...parts,
        ),
      }
    },
  })
}

/** What a term is for each example: its cost, divided by its own share. */
const own = ({ numerator, denominator }: Term): Tensor<'example'> =>
  div(numerator, add(denominator, equal(denominator, 0))) as Tensor<'example'>
