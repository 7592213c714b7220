/**
 * A loss is contravariant in its evidence: fed from whatever its evidence can be read from, it is another loss.
 *
 *     n pairs           are  2n judged completions: the chosen desirable, the rejected undesirable
 *     n pairs           are  n demonstrations: the chosen
 *     n judgements      are  the demonstrations of those that are desirable
 */
import { either as E } from 'fp-ts'
import { add, concatenate, fill, less, mul, size, slice, sub, type Tensor } from '../core/index.ts'
import type { Completion, CompletionPart, Everything, Evidence, Needs } from './evidence.ts'
import type { Halo } from './halo.ts'
import { type AnyLoss, type Loss, type Outcome, summed } from './loss.ts'
import { rewardOf } from './reward.ts'
import type { Formula, Stated } from './stated.ts'
import type { Checked } from './validation.ts'

/**
 * The same loss of other evidence: a loss is contravariant in its evidence. `needs` are not changed: they still name what `f` must give.
 * @param f the evidence of the loss from the new evidence
 * @returns a function from the loss to the adapted one
 * @example
 * ```ts
 * import { contramap, dpo, getOrThrow, humanline } from 'halograd/halos'
 * const loss = getOrThrow(dpo())
 * type Tokens = Parameters<ReturnType<typeof humanline>>[0]
 * const believed = contramap(({ chosen, rejected }: { readonly chosen: Tokens; readonly rejected: Tokens }) => ({
 *   chosen: humanline()(chosen),
 *   rejected: humanline()(rejected),
 * }))(loss)
 * console.log(believed.name) // DPO
 * ```
 */
export const contramap =
  <A, B>(f: (b: B) => A) =>
  ({ name, source, needs, statistic, evaluate }: Loss<A>): Loss<B> => ({
    ...{ name, source, needs },
    ...(statistic && { statistic: (b: B) => statistic(f(b)) }),
    evaluate: (b, pooled) => evaluate(f(b), pooled),
  })

/** A HALO computed from other evidence: `verify` proves the HALO, and that the view is its composition with `reduced`. */
export interface LossView<in E> extends Loss<E> {
  readonly kind: 'view'
  readonly through: Halo
  /** The evidence of the HALO, from that of the view. */
  readonly reduced: (evidence: E) => Everything
  /** How the evidence becomes that of the HALO. */
  readonly seen: { readonly text: string; readonly latex: string; readonly plus?: string; readonly sums?: string }
}

interface ViewPairs {
  readonly chosen: Completion
  readonly rejected: Completion
}
/** n pairs as 2n judged completions. */
const asJudged = ({ chosen, rejected }: ViewPairs): Pick<Everything, 'outcome' | 'label'> => {
  const join = (part: Exclude<CompletionPart, 'old'>) =>
    chosen[part] === undefined ? {} : { [part]: concatenate([chosen[part], rejected[part]], 'example') }
  const signs = (sign: number) => fill({ example: size(chosen.policy, 'example') }, sign)
  const outcome = { ...join('policy'), ...join('reference'), ...join('length') } as unknown as Completion // the parts that both have
  return { outcome, label: concatenate([signs(1), signs(-1)], 'example') }
}
type ViewExamples = Tensor<'example'>
const half = (x: ViewExamples, which: 0 | 1): ViewExamples => {
  const n = size(x, 'example') / 2
  return slice(x, 'example', which * n, n)
}
const both = (x: ViewExamples): ViewExamples => add(half(x, 0), half(x, 1)) as ViewExamples
/** What was found of 2n judged completions, of n pairs. The mean is over completions (`each`) or over pairs. */
const ofEach = (outcome: Outcome, count: 'each' | 'pair'): Outcome => {
  const { outcome: reward } = outcome.rewards
  const terms = outcome.terms.map(({ numerator, denominator, ...term }) => ({
    ...{ ...term, numerator: both(numerator) },
    denominator: count === 'each' ? both(denominator) : half(denominator, 0),
  }))
  return {
    ...outcome,
    ...summed(count === 'each' ? outcome.losses : both(outcome.losses), ...terms),
    ...(reward && { rewards: { chosen: half(reward, 0), rejected: half(reward, 1) } }),
  }
}

/**
 * A HALO of judged completions as a loss of pairs: n pairs are 2n completions, the chosen ones desirable, the rejected ones undesirable.
 * @param name of the view
 * @param count `'each'`: the mean is over completions; `'pair'`: over pairs, whose two losses are added
 * @param declared the HALO
 * @returns the view, or the errors of the declaration
 * @example
 * ```ts
 * import { always, anchor, complement, getOrThrow, halo, logistic, logRatio, ofPairs, verify } from 'halograd/halos'
 * const judged = halo({ name: 'APO-zero', reward: logRatio(0.1), reference: anchor, value: logistic, t: always(complement(1)) })
 * const pairs = getOrThrow(ofPairs('APO-zero of pairs', 'pair', judged))
 * console.log(pairs.needs.pair, verify(pairs).verdict) // true HALO
 * ```
 */
export const ofPairs = <P extends CompletionPart>(
  name: string,
  count: 'each' | 'pair',
  declared: Checked<Halo<P, 'judged'>>,
): Checked<LossView<Evidence<P, 'pair'>>> =>
  E.map((h: Halo<P, 'judged'>): LossView<Evidence<P, 'pair'>> => {
    // A pair's completions have the parts that h reads, by their type; `asJudged` keeps those.
    const judged = (e: Evidence<P, 'pair'>) => asJudged(e as unknown as ViewPairs) as Evidence<P, 'judged'>
    const { statistic } = h
    return {
      kind: 'view',
      name,
      source: h.source,
      through: h as unknown as Halo, // only to be looked at
      reduced: (e) => judged(e) as unknown as Everything, // h looks at no more of it
      seen: {
        text: 'pairs, each as two judged completions',
        latex: 's = 1 \\text{ for } y_w, -1 \\text{ for } y_l',
        ...(count === 'pair' && { sums: '\\sum_{y \\in \\{y_w, y_l\\}}' }),
      },
      needs: { ...h.needs, pair: true, outcome: false, label: false },
      ...(statistic && { statistic: (e) => statistic(judged(e)) }),
      evaluate: (e, pooled) => ofEach(h.evaluate(judged(e), pooled), count),
    }
  })(declared)

type Seen = Pick<LossView<never>, 'name' | 'source' | 'seen'> & { readonly needs: Partial<Needs> }

/** A HALO of pairs, fed from pairs that are seen otherwise. Rewards are reported as of the pairs themselves. */
export const seenOtherwise = <P extends CompletionPart>(
  declared: Checked<Halo<P, 'pair'>>,
  { needs, ...named }: Seen,
  reducedBy: (h: Halo) => (e: Everything) => Everything,
): Checked<LossView<Everything>> =>
  E.map((h: Halo<P, 'pair'>): LossView<Everything> => {
    const all = h as unknown as Halo // everything is enough evidence for it
    const [reduced, r] = [reducedBy(all), rewardOf(all.reward)]
    return {
      kind: 'view',
      ...named,
      ...{ through: all, needs: { ...h.needs, ...needs }, reduced },
      evaluate: (e) => ({ ...all.evaluate(reduced(e) as never), rewards: { chosen: r(e.chosen), rejected: r(e.rejected) } }),
    }
  })(declared)

/**
 * A HALO of pairs whose chosen completion must win by a margin that the evidence gives: its log-probability counts as less by that much.
 * The reward must be linear in log π_θ, as its `scale` is used (ODPO, arXiv:2402.10571).
 * @param declared the HALO of pairs
 * @param view its name, source and description; what it needs beyond the HALO; and the margin, in units of reward, axis `example`
 * @returns the view, or the errors of the declaration
 * @example
 * ```ts
 * import { dpo, getOrThrow, unpublished, withMargin } from 'halograd/halos'
 * const scored = withMargin(dpo(), {
 *   ...{ name: 'DPO by scores', source: unpublished('DPO by scores'), needs: { margin: true } },
 *   margin: (evidence) => evidence.margin!, // asked for by `needs`
 *   seen: { text: 'chosen less likely by the margin', latex: '' },
 * })
 * console.log(getOrThrow(scored).needs.margin) // true
 * ```
 */
export const withMargin = <P extends CompletionPart>(
  declared: Checked<Halo<P, 'pair'>>,
  { margin, ...named }: Seen & { readonly margin: (e: Everything) => ViewExamples },
): Checked<LossView<Everything>> =>
  seenOtherwise(declared, named, (h) => (e) => {
    const policy = sub(e.chosen.policy, mul(margin(e), 1 / h.reward.scale)) as ViewExamples
    return { ...e, chosen: { ...e.chosen, policy } }
  })

// ------------------------------------------------------------------ any loss

/**
 * A loss of single completions as one of pairs: a loss of demonstrations learns the chosen ones; one of judgements judges both.
 * @example
 * ```ts
 * import { getOrThrow, seenByPairs, sft } from 'halograd/halos'
 * console.log(seenByPairs(getOrThrow(sft())).needs.pair) // true
 * ```
 */
export const seenByPairs = (loss: AnyLoss): AnyLoss =>
  loss.needs.label
    ? seen(
        loss,
        ofPairsAlone,
        (e) => ({ ...e, ...asJudged(e) }),
        (outcome) => ofEach(outcome, 'each'),
      )
    : seen(loss, ofPairsAlone, (e) => ({ ...e, outcome: e.chosen }))
const ofPairsAlone: Partial<Needs> = { pair: true, outcome: false, label: false }

/** The formula of a loss of demonstrations, of the chosen ones. */
const ofChosen = (formula: Formula): Formula => {
  const chosen = (text: string): string => text.replaceAll('y|x', 'y_w|x').replaceAll('|y|', '|y_w|')
  return { ...formula, of: [chosen(formula.of[0]), chosen(formula.of[1])], ...(formula.per && { per: chosen(formula.per) }) }
}

/**
 * A loss of demonstrations as one of judged completions: only the desirable ones count.
 * @example
 * ```ts
 * import { getOrThrow, ofDesirable, sft } from 'halograd/halos'
 * console.log(ofDesirable(getOrThrow(sft())).needs.label) // true
 * ```
 */
export const ofDesirable = (loss: AnyLoss): AnyLoss =>
  seen(
    loss,
    { label: true },
    (e) => e,
    (outcome, { label }) => {
      const liked = (x: ViewExamples): ViewExamples => mul(x, less(0, label)) as ViewExamples
      const terms = outcome.terms.map(({ numerator, denominator, ...term }) => ({
        ...term,
        numerator: liked(numerator),
        denominator: liked(denominator),
      }))
      return { ...outcome, ...summed(liked(outcome.losses), ...terms) }
    },
  )

const seen = (
  loss: AnyLoss,
  needs: Partial<Needs>,
  from: (e: Everything) => Everything,
  to: (outcome: Outcome, e: Everything) => Outcome = (outcome) => outcome,
): AnyLoss => {
  const { name, source, statistic, evaluate } = loss
  const stated = loss.kind === 'stated' ? (loss as Stated<Everything>) : undefined // the only losses of that kind
  return {
    ...{ name, source, needs: { ...loss.needs, ...needs } },
    ...(stated && { kind: 'stated', because: stated.because }),
    ...(stated?.formula && { formula: loss.needs.label ? stated.formula : ofChosen(stated.formula) }),
    ...(statistic && { statistic: (e) => statistic(from(e)) }),
    evaluate: (e, pooled) => to(evaluate(from(e), pooled), e),
  }
}
