/**
 * Ranges of settings: for which of them a loss is a HALO, and for which it is not, by branch and bound over the setting. A verdict holds for
 * every number of a range at once, because the setting is an interval where the text is enclosed, and the witness the same for all of them.
 *
 *     DiscoPOP:   refuted for τ in (0, 0.3],   open for τ in [0.3, 1],   proved for τ ≥ 1
 */
import { either as E } from 'fp-ts'
import { type Interval, intervals, isReal } from '../core/internal.ts'
import { type DifferenceText, differenceOf } from './declared.ts'
import { short } from './findings.ts'
import { isHalo, isStated, isView } from './kinds.ts'
import type { AnyLoss } from './loss.ts'
import { type DeclaredSettings, textSubject } from './parameters.ts'
import { type Claim, concave, decideSubject, enclose, middle, nonDecreasing, type ProofSubject } from './prove.ts'

/** What is known of a loss for every value of a setting in a range, the other settings being as they are. */
export interface SettingRange {
  readonly setting: string
  readonly from: number
  readonly to: number
  readonly tag: 'proved' | 'refuted' | 'open'
  /** What refutes the loss at one of these values; absent for the other tags. */
  readonly witness?: string
}

const line: Interval = [-Infinity, Infinity]
const claims: readonly (readonly [Claim, Interval])[] = [
  [nonDecreasing, line],
  [concave, [0, Infinity]],
]
/** Boxes that are halved to prove a claim for a range; ranges that are halved. */
const [boxes, budget] = [60, 300]
/** How narrow a range may become, as a ratio of its ends: where its middle is refuted, and where it is not. */
const narrow = { refuted: 1.005, proved: 1.2 }

/** Points of every magnitude, densest around 1; and of them the gains. */
const magnitudes = [
  ...Array.from({ length: 13 }, (_, i) => 2 ** (-60 + 4 * i)),
  ...Array.from({ length: 72 }, (_, i) => 2 ** (-8 + i / 4)),
  ...[1e4, 1e6, 1e10, 1e20, 1e50, 1e100, 1e200, 1e300],
]
const [points, gains] = [
  [...magnitudes.map((z) => -z).reverse(), 0, ...magnitudes],
  [0, ...magnitudes],
]

type RangeFinding = Pick<SettingRange, 'tag' | 'witness'>
/** Points that refute the subject at all of its settings at once. */
const refutedBy = (subject: ProofSubject): RangeFinding | undefined => {
  const at = (z: number): Interval => enclose(subject)([z, z]).value
  const turning = turnAmong(points.map((z) => [z, at(z)] as const))
  if (turning !== undefined) return { tag: 'refuted', witness: `v is not monotone: it turns among ${turning.map(short).join(', ')}` }
  const convex = convexAmong(at)
  return convex && { tag: 'refuted', witness: `v is convex among the gains ${convex.map(short).join(', ')}` }
}
const isProved = (subject: ProofSubject): boolean =>
  claims.every(([claim, segment]) => decideSubject(subject, claim, segment, boxes).tag === 'proved')
const below = (x: Interval, y: Interval): boolean => isReal(x) && isReal(y) && x[1] < y[0]
type RangePoint = readonly [z: number, v: Interval]
/** Three points of which the one in the middle is certainly below, or above, both others. */
const turnAmong = (of: readonly RangePoint[]): readonly number[] | undefined => {
  for (const [j, [z, v]] of of.entries())
    for (const beyond of [(x: Interval) => below(v, x), (x: Interval) => below(x, v)]) {
      const [before, after] = [of.slice(0, j).find(([, x]) => beyond(x)), of.slice(j + 1).find(([, x]) => beyond(x))]
      if (before !== undefined && after !== undefined) return [before[0], z, after[0]]
    }
  return undefined
}
/** Three gains of which the one in the middle is certainly under the chord of the others. */
const convexAmong = (value: (z: number) => Interval): readonly number[] | undefined => {
  const { of, add, sub, mul, div } = intervals
  return gains
    .flatMap((y) => [0.5, 0.1, 0.02].map((share) => [y * (1 - share), y, y * (1 + share)] as const))
    .find(([x, y, z]) => {
      if (!(x < y && y < z)) return false
      const share = div(sub(of(y), of(x)), sub(of(z), of(x)))
      return below(value(y), add(value(x), mul(sub(value(z), value(x)), share)))
    })
}

/** Neighbouring ranges of one kind are one. */
const merged = (ranges: readonly SettingRange[]): readonly SettingRange[] => {
  const done: SettingRange[] = []
  for (const next of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = done.at(-1)
    if (last?.tag === next.tag && last.to === next.from) done[done.length - 1] = { ...last, to: next.to }
    else done.push(next)
  }
  return done
}

const rangesOf = (difference: DifferenceText, setting: string, [low, high]: Interval): readonly SettingRange[] => {
  const subject = textSubject(difference.text, difference.settings, 'own')
  if (E.isLeft(subject)) return [{ setting, from: low, to: high, tag: 'open' }]
  const within = (range: Interval): ProofSubject => ({ ...subject.right, settings: { ...subject.right.settings, [setting]: range } })
  const found: SettingRange[] = []
  const cuts = [low, ...[1e-9, 1e-6, 1e-3, 0.1, 0.5, 1, 2, 10, 1e3, 1e6].filter((x) => low < x && x < high), high]
  const todo = cuts.slice(1).map((to, i): Interval => [cuts[i]!, to])
  let seen = 0
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    const [[from, to], centre] = [next, middle(next)]
    const refuted = refutedBy(within(next))
    const inPart = refuted === undefined && refutedBy(within([centre, centre])) !== undefined
    if (refuted !== undefined) found.push({ setting, from, to, ...refuted })
    else if (!inPart && isProved(within(next))) found.push({ setting, from, to, tag: 'proved' })
    else if (++seen > budget || to <= from * (inPart ? narrow.refuted : narrow.proved)) found.push({ setting, from, to, tag: 'open' })
    else todo.push([from, centre], [centre, to])
  }
  return merged(found)
}

/**
 * For which values of its settings a loss is a HALO, or is not, each setting on its own. Of a declared loss, the settings of its value function and of
 * its reward; of one that is stated as a function of a difference of rewards, those of its formula, whatever β > 0 is: the rewards take every
 * value. Empty where no setting is known.
 * @example
 * ```ts
 * import { catalogue, find, getOrThrow, settingRanges } from 'halograd/halos'
 * const ranges = settingRanges(getOrThrow(find(await catalogue(), 'cdpo')!()))
 * console.log(ranges.map(({ setting, tag }) => `${tag} for every ${setting}`)) // [ 'refuted for every ε' ]
 * ```
 */
export const settingRanges = (loss: AnyLoss): readonly SettingRange[] => {
  const halo = isHalo(loss) ? loss : isView(loss) ? loss.through : undefined
  if (halo !== undefined) return provedRanges({ ...halo.value.parameters, ...halo.reward.shape.parameters })
  const difference = isStated(loss) && loss.formula !== undefined ? differenceOf(loss.formula) : undefined
  if (difference === undefined) return []
  return Object.entries(difference.settings).flatMap(([setting, { range }]) => rangesOf(difference, setting, range))
}
/** What `verify` proves of a declaration, it proves for all of its settings at once, where it says so. */
const provedRanges = (settings: DeclaredSettings): readonly SettingRange[] =>
  Object.entries(settings).map(
    ([
      setting,
      {
        range: [from, to],
      },
    ]) => ({ setting, from, to, tag: 'proved' }),
  )

/**
 * Ranges in words: 'refuted for τ in [0.1, 0.3]; proved for τ ≥ 1'.
 * @example
 * ```ts
 * import { getOrThrow, kto, settingRanges, showRanges } from 'halograd/halos'
 * console.log(showRanges(settingRanges(getOrThrow(kto())))) // proved for all β > 0
 * ```
 */
export const showRanges = (ranges: readonly SettingRange[]): string =>
  ranges.map(({ setting, from, to, tag }) => `${tag} for ${showRange(setting, from, to)}`).join('; ')
const showRange = (setting: string, from: number, to: number): string => {
  const [least, most] = [from <= Number.MIN_VALUE, to >= Number.MAX_VALUE]
  if (least && most) return `all ${setting} > 0`
  return most ? `${setting} ≥ ${short(from)}` : `${setting} in ${least ? '(0' : `[${short(from)}`}, ${short(to)}]`
}
