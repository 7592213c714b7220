/**
 * Refutations. That a loss is *no* HALO cannot be told from a declaration that it does not have: it is told from the loss itself, read at
 * intervals. Six lemmas, each of which holds for whatever the vocabularies can declare, Q's support being held fixed:
 *
 *   monotone    f falls, or rises, in log π_θ(y|x):                     three points at which it does both refute it
 *   relative    r is a function of log π_θ − log π_ref, or of log π_θ:  ∂f/∂log π_ref is −∂f/∂log π_θ, or 0, of every completion
 *   separable   f = F(g(r_w) − h(r_l)) or G(r_w) + H(r_l), for pairs that no other pair has a part in:
 *               ∂_w f/∂_l f is a function of r_w times one of r_l:      four points at which its cross ratio is not 1 refute it
 *   one reward  f = F(r_w − r_l), or a sum of one function of each: f(a, a) is F(0) for all a, or
 *               f(a, a) + f(b, b) = f(a, b) + f(b, a):                   two points a, b at which neither holds refute it
 *   not concave for rewards r₀ ≤ r₁ ≤ r₂ ≤ r₃, v(r₂ − r₀) + v(r₃ − r₁) ≥ v(r₃ − r₀) + v(r₂ − r₁):
 *                                                                    four points at which that is false refute it
 *   compared    E_Q r is an average of other rewards, or the anchor, which π_ref gives: f looks at one of them
 */
import { type AnyTensor, interpretation, type Scalar } from '../core/index.ts'
import { anything, hull, type Interval, intervals, isCertain, isReal } from '../core/internal.ts'
import { type ElementIndex, elements } from './element.ts'
import { columnsOf } from './evidence.ts'
import { still, variable } from './jet.ts'
import { jets } from './jets.ts'
import type { AnyLoss } from './loss.ts'
import { traced } from './symbolic.ts'
import { turn } from './turning.ts'

/** A number of the evidence: whose, which, and of which example. */
export type Item = `${string}[${number}]`
const itemOf = (leaf: AnyTensor, place: ElementIndex): Item => `${leaf.op.tag === 'input' ? leaf.op.name : '?'}[${place.example ?? 0}]`

/** Where evidence rests: the log-probability of completions, and the unit in which they are varied. */
interface RestPoint {
  readonly base: number
  readonly unit: number
}
/** Evidence at rest: all models agree on completions, which leaves room on both sides. Examples differ by a few units. */
const atRest = (item: Item, { base, unit }: RestPoint): number => {
  const [, name = '', example = '0'] = /(\w+)\[(\d+)\]$/.exec(item) ?? []
  const [i, rejected] = [Number(example), item.startsWith('rejected')]
  switch (name) {
    case 'policy':
      return base + (rejected ? 1 : 3) * i * unit
    case 'reference':
      return base + (rejected ? 7 : 0) * i * unit
    case 'sum':
      return 0
    case 'margin':
      return (i + 1) / 2
    case 'label':
      return i === 0 ? 1 : -1
    default:
      return i + 1
  }
}
/** log π of whole completions, long and short. */
const [long, short]: readonly RestPoint[] = [-1000, -10].map((base) => ({ base, unit: 1 })) as [RestPoint, RestPoint]
/** Other magnitudes: a loss that is scaled by a setting of any size is felt at one of them. */
const magnitudes: readonly RestPoint[] = [-3, -6, 3, 6, -9, 9, -12, 12].map((k) => ({ base: -1000 * 10 ** k, unit: 10 ** k }))

/** The loss of the first example, as a function of some of its evidence, the rest being at rest. */
type OfItems = <A>(S: Scalar<A>, given: Readonly<Record<Item, A>>) => A
export const firstLoss = (loss: AnyLoss, examples: number, rest = long): OfItems => {
  const { losses } = traced(loss, examples)
  return (S, given) => {
    const leaf = (item: Item) => given[item] ?? S.of(atRest(item, rest))
    return elements(S, (x, place) => leaf(itemOf(x, place)))(losses, { example: 0 })
  }
}
const point = (x: number): Interval => [x, x]
/** ∂f/∂item at x, with others as given; anything, where f has none there. */
const slope = (f: OfItems, item: Item, x: number, given: Readonly<Record<Item, number>> = {}): Interval => {
  const fixed = Object.entries(given).map(([other, value]) => [other, still(point(value))] as const)
  const beside = ([1, -1] as const).map((side) => {
    const S = jets(side, { touching: false, crossings: [] }, point(x))
    const { value, slope: by } = f(S, { ...Object.fromEntries(fixed), [item]: variable(point(x)) })
    return isCertain(value) && isCertain(by) ? by : anything
  })
  return hull(beside[0]!, beside[1]!)
}

/** Everything that the loss of the first example looks at. */
const looksAt = (loss: AnyLoss, examples: number): ReadonlySet<Item> => {
  const none: ReadonlySet<Item> = new Set()
  const union = interpretation<ReadonlySet<Item>>(
    () => none,
    (_, args) => new Set(args.flatMap((items) => [...items])),
  )
  return elements(union, (leaf, place) => new Set([itemOf(leaf, place)]))(traced(loss, examples).losses, { example: 0 })
}

/** Where a lemma refutes a loss: enough to see it again. */
export interface Witness {
  readonly lemma: 'not monotone' | 'not relative' | 'not separable' | 'not one reward' | 'not concave' | 'nothing compared'
  /** The numbers of the evidence that are moved, or whose slopes are taken. */
  readonly moving: readonly Item[]
  /** Everything that the loss looks at, where it rests. */
  readonly rest: Readonly<Record<Item, number>>
  readonly points: readonly number[]
  /** For people. */
  readonly text: string
}
const resting = (loss: AnyLoss, examples: number, rest: RestPoint): Readonly<Record<Item, number>> =>
  Object.fromEntries([...looksAt(loss, examples)].map((item) => [item, atRest(item, rest)]))
/** The completions of a pair, if the loss of a pair looks at no other pair. */
const alone = (loss: AnyLoss): readonly [Item, Item] | undefined =>
  loss.needs.pair && ![...looksAt(loss, 2)].some((item) => item.endsWith('[1]')) ? ['chosen.policy[0]', 'rejected.policy[0]'] : undefined

/** Three log-probabilities of the completion at which the loss certainly falls and certainly rises: the nearest to rest, of a few; or any. */
const notMonotone = (loss: AnyLoss): Witness | undefined => {
  const item: Item = loss.needs.pair ? 'chosen.policy[0]' : 'outcome.policy[0]'
  const everywhere = (rests: readonly RestPoint[]) =>
    rests.flatMap((rest) => (loss.needs.pair ? pairsElsewhere(rest) : judgedElsewhere).map((elsewhere) => ({ rest, elsewhere })))
  const searches = [
    ...everywhere([long, short]).map((where) => ({ ...where, find: nearestTurn })),
    ...everywhere([long, short, { base: -1e6, unit: 1 }, { base: -1e15, unit: 1 }]).map((where) => ({ ...where, find: anyTurn })),
    ...everywhere(magnitudes).map((where) => ({ ...where, find: nearestTurn })),
  ]
  for (const { rest, elsewhere, find } of searches) {
    const f = firstLoss(loss, 1, rest)
    const at = <A>(S: Scalar<A>, x: A): A => {
      const others = Object.entries(elsewhere).map(([other, y]) => [other, S.of(y)] as const)
      return f(S, { ...Object.fromEntries(others), [item]: x })
    }
    const points = find(at, rest)
    if (points === undefined) continue
    const losses = points.map((x) => middle(at(intervals, intervals.of(x)))).join(', ')
    const others = [...Object.entries(elsewhere).map(([other, x]) => `${other} = ${x}`), `every other log π is ${rest.base}`].join(', ')
    return {
      ...{ lemma: 'not monotone', moving: [item], points, rest: { ...resting(loss, 1, rest), ...elsewhere } },
      text: `not monotone: at ${item} = ${points.join(', ')} the loss is ${losses} (${others})`,
    }
  }
  return undefined
}
type Find = (at: <A>(S: Scalar<A>, x: A) => A, rest: RestPoint) => readonly number[] | undefined
const nearestTurn: Find = (at, { base, unit }) => {
  const xs = steps.map((step) => base + step * unit).filter((x) => x <= 0)
  const reach = (points: TurningPoint): number => Math.max(...points.map(([x]) => Math.abs(x - base)))
  const found = turns(xs.map((x): Point => [x, at(intervals, intervals.of(x))]))
  const nearest = found.reduce<TurningPoint | undefined>((best, next) => (best && reach(best) <= reach(next) ? best : next), undefined)
  return nearest?.map(([x]) => x)
}
/** By branch and bound, whatever the scale: of how far the completion is from rest. */
const anyTurn: Find = (at, { base }) => {
  const points = turn((S) => (d) => at(S, S.add(S.of(base), d)), [-Infinity, -base])?.map((d) => base + d)
  const [a, b, c] = points?.map((x): Point => [x, at(intervals, intervals.of(x))]) ?? []
  return a && b && c && turns([a, b, c]).length > 0 ? points : undefined
}
const pairsElsewhere = ({ base, unit }: RestPoint): readonly Readonly<Record<Item, number>>[] => [
  {},
  { 'rejected.policy[0]': Math.min(base + 30 * unit, 0) },
  { 'rejected.policy[0]': base - 30 * unit },
]
const judgedElsewhere: readonly Readonly<Record<Item, number>>[] = [{}, { 'label[0]': -1 }]
const steps = [
  0,
  ...[0.1, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000].flatMap((d) => [d, -d]),
].sort((x, y) => x - y)
type Point = readonly [x: number, loss: Interval]
type TurningPoint = readonly [Point, Point, Point]
/** Points of which the one in the middle is certainly below, or certainly above, both others. */
const turns = (points: readonly Point[]): readonly TurningPoint[] =>
  points.flatMap((b, j) =>
    points.slice(0, j).flatMap((a) =>
      points.slice(j + 1).flatMap((c): readonly TurningPoint[] => {
        const [valley, peak] = [below(b, a) && below(b, c), below(a, b) && below(c, b)]
        return valley || peak ? [[a, b, c]] : []
      }),
    ),
  )
const below = ([, x]: Point, [, y]: Point): boolean => isReal(x) && isReal(y) && x[1] < y[0]
const middle = ([low, high]: Interval): number => Number(((low + high) / 2).toPrecision(6))

/** A completion at which the reference model is felt, but not through log π_θ − log π_ref. */
const notRelative = (loss: AnyLoss): Witness | undefined => {
  const items = [...looksAt(loss, 2)].filter((item) => item.includes('.reference'))
  for (const rest of items.length === 0 ? [] : [long, short, ...magnitudes]) {
    const f = firstLoss(loss, 2, rest)
    for (const item of items) {
      const policy = item.replace('.reference', '.policy') as Item // of the same completion
      const [felt, model] = [slope(f, item, atRest(item, rest)), slope(f, policy, atRest(policy, rest))]
      if (!has0(felt) && !has0(intervals.add(felt, model)))
        return {
          ...{ lemma: 'not relative', moving: [policy, item], points: [], rest: resting(loss, 2, rest) },
          text: `no function of log π_θ − log π_ref: ∂L/∂${policy} = ${middle(model)}, but ∂L/∂${item} = ${middle(felt)}`,
        }
    }
  }
  return undefined
}
const has0 = ([low, high]: Interval): boolean => low <= 0 && high >= 0

/** Four points at which the ratio of the slopes is certainly no product. */
const notSeparable = (loss: AnyLoss): Witness | undefined => {
  const [w, l] = alone(loss) ?? []
  if (w === undefined || l === undefined) return undefined
  for (const [rest, pairs] of grids) {
    const f = firstLoss(loss, 1, rest)
    const at = (item: Item, x: number, y: number): Interval => slope(f, item, item === w ? x : y, { [w]: x, [l]: y })
    const { mul } = intervals
    for (const [a, b] of pairs)
      for (const [c, d] of pairs) {
        const one = mul(mul(at(w, a, c), at(l, a, d)), mul(at(w, b, d), at(l, b, c)))
        const two = mul(mul(at(l, a, c), at(w, a, d)), mul(at(l, b, d), at(w, b, c)))
        if (isCertain(one) && isCertain(two) && (one[1] < two[0] || two[1] < one[0]))
          return {
            ...{ lemma: 'not separable', moving: [w, l], points: [a, b, c, d], rest: resting(loss, 1, rest) },
            text: `no function of g(r_w) − h(r_l): its slopes at ${w} ∈ {${a}, ${b}}, ${l} ∈ {${c}, ${d}} have no common ratio`,
          }
      }
  }
  return undefined
}
/** Pairs of log-probabilities near rest, and of all magnitudes. */
const pairsOf = ({ base }: RestPoint, below: readonly number[]) =>
  below.flatMap((x, i, all) => all.slice(i + 1).map((y) => [base - x, base - y] as const))
const [near, wide] = [
  [1, 2, 3, 5],
  [1e-3, 1, 1e2, 1e4, 1e6],
] as const
const farther: RestPoint = { base: 1e4 * long.base, unit: 1 }
const grids: readonly (readonly [RestPoint, readonly (readonly [number, number])[]])[] = [
  [long, pairsOf(long, near)],
  [farther, pairsOf(farther, wide)],
  ...magnitudes.flatMap((rest) =>
    [near, wide].map((below) => {
      const scaled = below.map((x) => x * rest.unit)
      return [rest, pairsOf(rest, scaled)] as const
    }),
  ),
]

/** Two completions of one and the same evidence, a or b: the loss of a against itself is not that of b against itself. */
const notOneReward = (loss: AnyLoss): Witness | undefined => {
  const [w, l] = alone(loss) ?? []
  if (w === undefined || l === undefined) return undefined
  const { add, sub } = intervals
  for (const rest of [long, ...magnitudes]) {
    const f = firstLoss(loss, 1, rest)
    const at = (x: number, y: number): Interval => f(intervals, { [w]: [x, x], [l]: [y, y] })
    for (const [a, b] of around(rest)) {
      const [one, other] = [at(a, a), at(b, b)]
      if (has0(sub(one, other)) || has0(sub(add(one, other), add(at(a, b), at(b, a))))) continue
      return {
        ...{ lemma: 'not one reward', moving: [w, l], points: [a, b], rest: resting(loss, 1, rest) },
        text: `no function of r_w − r_l: of completions with the same evidence the loss is ${middle(one)} at log π = ${a}, but ${middle(other)} at ${b}`,
      }
    }
  }
  return undefined
}
const around = ({ base, unit }: RestPoint) =>
  [1, 5, 20, 100].flatMap((step) =>
    [[-step, step] as const, [step, 2 * step] as const, [-step, 2 * step] as const].map(
      ([x, y]) => [base + x * unit, base + y * unit] as const,
    ),
  )

/** Four rewards of one evidence, in their order: the two in the middle are compared, and both with those outside. */
const notConcave = (loss: AnyLoss): Witness | undefined => {
  const [w, l] = alone(loss) ?? []
  if (w === undefined || l === undefined || columnsOf(loss.needs).length > 0) return undefined
  const { add } = intervals
  for (const rest of [long, ...magnitudes]) {
    const f = firstLoss(loss, 1, rest)
    const at = (x: number, y: number): Interval => f(intervals, { [w]: [x, x], [l]: [y, y] })
    for (const points of foursomes(rest)) {
      const [a, b, c, d] = points
      const [one, other] = [add(at(c, a), at(d, b)), add(at(d, a), at(c, b))]
      if (!isReal(one) || !isReal(other) || one[0] <= other[1]) continue
      return {
        ...{ lemma: 'not concave', moving: [w, l], points, rest: resting(loss, 1, rest) },
        text: `v(r_w − r_l) would not be concave on gains: with log π ∈ {${points.join(', ')}}, L₂₀ + L₃₁ = ${middle(one)} > L₃₀ + L₂₁ = ${middle(other)}`,
      }
    }
  }
  return undefined
}
/** Gaps in the middle and outside, in units. */
const foursomes = ({ base, unit }: RestPoint): readonly (readonly [number, number, number, number])[] =>
  [0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200].flatMap((gap) =>
    [0.1, 0.5, 1, 5, 20].map((step) => {
      const [a, b, c, d] = [0, step, step + gap, 2 * step + gap].map((x) => base + x * unit)
      return [a!, b!, c!, d!] as const
    }),
  )

/** Nothing to compare with. */
const notCompared = (loss: AnyLoss): Witness | undefined => {
  const items = [...looksAt(loss, 2)]
  const others = items.filter((item) => !/^outcome\.(policy|length)\[0\]$|^label\[0\]$/.test(item))
  if (others.length > 0) return undefined
  const text = `nothing is compared: of all the evidence the loss of a completion looks at ${items.join(', ')} alone`
  return { lemma: 'nothing compared', moving: [], points: [], rest: resting(loss, 2, long), text }
}

/** What refutes every declaration of this loss at once, if one of the lemmas does. */
export const witness = (loss: AnyLoss): Witness | undefined =>
  notMonotone(loss) ?? notRelative(loss) ?? notSeparable(loss) ?? notOneReward(loss) ?? notConcave(loss) ?? notCompared(loss)
export const refutation = (loss: AnyLoss): string | undefined => witness(loss)?.text
